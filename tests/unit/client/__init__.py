"""The client against small agents of ours: real sockets, real CURVE, real refusals."""
