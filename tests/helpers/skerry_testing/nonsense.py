"""A server that answers every connection with the same bytes. For clients that must survive anything."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["nonsense_server"]


@contextmanager
def nonsense_server(answer: bytes) -> Iterator[str]:
    """Serve until the block ends; yields the base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, answer), name="nonsense server", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def _serve(listener: socket.socket, answer: bytes) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # the test is over
        with connection:
            connection.settimeout(5)
            connection.recv(65_536)
            connection.sendall(answer)
