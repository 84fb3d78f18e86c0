"""The service of the cluster in a box: a small HTTP server with a counter in its data folder.

Started by path with `python -I -S`, so it uses nothing but the standard library, and of that
little: what counts is how soon it answers. Says which node answered, for which group, and how
many requests the group has answered in its life, wherever it ran.
"""

import os
import select
import signal
import socket
import sys
import time

BIND_S = 3.0
"""How long to try for an address that the node before may still be giving back."""
DRAIN_S = 0.03
REQUEST_S = 1.0
REQUEST_BYTES_MAX = 8192


class Counter:
    """A number in a file, one for all nodes that use the folder in turn."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        digits = os.pread(self._file, 32, 0).strip()
        self.value = int(digits) if digits.isdigit() else 0

    def add(self) -> int:
        self.value += 1
        os.pwrite(self._file, b"%020d\n" % self.value, 0)
        return self.value


def listen(address: str, port: int) -> socket.socket:
    """Return a listening socket; OSError when the address cannot be had in time."""
    deadline = time.monotonic() + BIND_S
    while True:
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((address, port))
            server.listen(128)
        except OSError:
            server.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return server


def answer(client: socket.socket, node: str, group: str, counter: Counter) -> None:
    """Read one request and answer it; a client that is gone or slow is dropped."""
    with client:
        client.settimeout(REQUEST_S)
        try:
            request = b""
            while b"\r\n\r\n" not in request and len(request) < REQUEST_BYTES_MAX:
                more = client.recv(4096)
                if not more:
                    return
                request += more
            body = b'{"node": "%s", "group": "%s", "count": %d}\n' % (
                node.encode(),
                group.encode(),
                counter.add(),
            )
            client.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
        except OSError:
            return


def serve(server: socket.socket, node: str, group: str, counter: Counter) -> None:
    """Answer until TERM or INT, then whoever had reached us by then."""
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    while True:
        readable, _, _ = select.select([server.fileno(), wake], [], [])
        if server.fileno() in readable:
            answer(server.accept()[0], node, group, counter)
        if wake in readable:
            break
    deadline = time.monotonic() + DRAIN_S
    while select.select([server], [], [], 0)[0] and time.monotonic() < deadline:
        answer(server.accept()[0], node, group, counter)


def main(arguments: list[str]) -> int:
    """Serve GROUP on ADDRESS PORT with its counter in FOLDER."""
    if len(arguments) != 4:
        sys.stderr.write("usage: service.py GROUP ADDRESS PORT FOLDER\n")
        return 2
    group, address, port, folder = arguments
    node = os.environ.get("CLUSTERTUI_NODE", "")
    counter = Counter(os.path.join(folder, "counter"))  # noqa: PTH118 - pathlib starts slowly
    try:
        server = listen(address, int(port))
    except OSError as error:
        sys.stderr.write(f"{address}:{port}: {error.strerror}\n")
        return 1
    serve(server, node, group, counter)
    server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
