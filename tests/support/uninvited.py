"""Words of somebody who may not be let in."""

import zmq


def offer(socket: "zmq.Socket[bytes]", data: bytes) -> None:
    """Say `data` if a line is there; never wait for one.

    ZeroMQ takes the line away for good once its key was refused, and a plain send would then
    wait for ever: whether the refusal or the send comes first is a race.
    """
    try:
        socket.send(data, zmq.DONTWAIT)
    except zmq.Again:
        return
