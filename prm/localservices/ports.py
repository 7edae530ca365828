"""TCP ports: is one taken, and which one may an embedded part use."""

from __future__ import annotations

import errno
import socket
import zlib

from prm.localservices.errors import Failure

LOOPBACK = "127.0.0.1"
# Below Linux' range for outgoing connections (32768 up), so that nobody borrows the port between two starts.
FIRST, COUNT = 20000, 12000


def in_use(port: int) -> bool:
    """Whether somebody listens on the port of this machine's loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            if error.errno == errno.EACCES:
                raise Failure(
                    f"port {port} needs more rights than this user has: set PRM_PORT to a number above 1023"
                ) from None
            raise
    return False


def pick(seed: str, *, avoid: tuple[int, ...] = ()) -> int:
    """A free port that is the same at each start for the same seed, unless somebody else took it."""
    begin = zlib.crc32(seed.encode())
    for step in range(500):
        port = FIRST + (begin + step * 7) % COUNT
        if port not in avoid and not in_use(port):
            return port
    raise Failure(f"no free port between {FIRST} and {FIRST + COUNT}")


def wanted(text: str) -> int:
    """PRM_PORT as a number, refused with a sentence when it is none."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Failure(f"PRM_PORT is {text!r}: it must be a number between 1 and 65535", status=2)
    return int(text)
