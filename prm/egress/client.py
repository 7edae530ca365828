"""The one way out: every request that the product makes to another host goes through `request`.

Guarantees: https to public addresses only, and what the operator listed (see addresses.py). The name is resolved
once; the connection goes to the address that was checked, whatever the name says a moment later. A redirect is
followed only where the caller asks for it, and is checked from the start. Time is bounded as a whole, from the first
question to the last byte, also when a byte drips every second. The answer is read up to a bound and never unpacked.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from django.utils.translation import gettext as _

from prm.egress.addresses import Address, Target, parse, resolve
from prm.egress.errors import NoAnswer, TooLarge, TooManyRedirects, TooSlow

SECONDS = 10.0
LIMIT = 64 * 1024
AGENT = "Qudao/1"
REDIRECTS = {301, 302, 303, 307, 308}
# Never sent on to another host.
SECRET_HEADERS = {"authorization", "cookie", "webhook-signature"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    url: str
    seconds: float
    # The body was longer than asked for and was cut.
    cut: bool = False

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def text(self, length: int = 500) -> str:
        return self.body[: length * 4].decode("utf-8", errors="replace")[:length].replace("\x00", "")


def request(
    method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None,
    seconds: float = SECONDS, limit: int = LIMIT, redirects: int = 0, cut: bool = False,
) -> Answer:  # fmt: skip
    """Send one request. Raises an EgressError when it is refused, fails, or lasts longer than `seconds`.

    limit      bytes of the answer that are read; more is TooLarge, or left away with `cut`
    redirects  how many are followed; POST becomes GET where the answer's status says so
    """
    begun = time.monotonic()
    clock = _Clock(begun + seconds, seconds)
    sent = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": AGENT, **(headers or {})}
    for turn in range(redirects + 1):
        target = parse(url)
        status, got, content, was_cut = _exchange(method, target, body, sent, clock, limit, cut)
        leads_to = got.get("location")
        if status not in REDIRECTS or not redirects or not leads_to:
            return Answer(status, got, content, url, time.monotonic() - begun, was_cut)
        if turn == redirects:
            raise TooManyRedirects()
        url = urljoin(url, leads_to)
        if parse(url).origin != target.origin:
            sent = {name: value for name, value in sent.items() if name.lower() not in SECRET_HEADERS}
        if status == 303 or (status in (301, 302) and method == "POST"):
            method, body = "GET", None
    raise TooManyRedirects()


class _Clock:
    """The time that is left for everything."""

    def __init__(self, until: float, seconds: float):
        self.until, self.seconds = until, seconds

    def left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TooSlow(seconds=int(self.seconds))
        return left


def _exchange(
    method: str,
    target: Target,
    body: bytes | None,
    headers: Mapping[str, str],
    clock: _Clock,
    limit: int,
    cut: bool,
) -> tuple[int, dict[str, str], bytes, bool]:
    addresses = resolve(target, seconds=clock.left())
    link = http.client.HTTPConnection(target.host, target.port)
    sock = _connect(target, addresses, clock)
    try:
        link.sock = _Timed(sock, clock)  # type: ignore[assignment]
        shown = f"[{target.host}]" if ":" in target.host else target.host
        usual = {"https": 443, "http": 80}[target.scheme] == target.port
        host = {"Host": shown if usual else f"{shown}:{target.port}"}
        link.request(method, target.path, body=body, headers={**headers, **host})
        answer = link.getresponse()
        content = answer.read(limit + 1)
        if len(content) > limit and not cut:
            raise TooLarge(bytes=limit)
        got = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, got, content[:limit], len(content) > limit
    except TimeoutError:
        raise TooSlow(seconds=int(clock.seconds)) from None
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise NoAnswer(why=f"{type(problem).__name__}.") from None
    finally:
        sock.close()


def _connect(target: Target, addresses: list[Address], clock: _Clock) -> socket.socket:
    """A connection to the first address that answers; all of them were checked."""
    problem: OSError | None = None
    for address in addresses[:4]:
        try:
            plain = socket.create_connection((str(address), target.port), timeout=clock.left())
        except OSError as found:
            problem = found
            continue
        return plain if target.scheme == "http" else _encrypted(plain, target, clock)
    if isinstance(problem, TimeoutError):
        raise TooSlow(seconds=int(clock.seconds))
    raise NoAnswer(why=_("nobody listens there."))


def _encrypted(plain: socket.socket, target: Target, clock: _Clock) -> socket.socket:
    try:
        plain.settimeout(clock.left())
        return ssl.create_default_context().wrap_socket(plain, server_hostname=target.host)
    except BaseException as problem:
        plain.close()
        if isinstance(problem, TimeoutError):
            raise TooSlow(seconds=int(clock.seconds)) from None
        if isinstance(problem, ssl.SSLCertVerificationError):
            raise NoAnswer(why=_("its certificate is not valid for this address.")) from None
        if isinstance(problem, OSError):
            raise NoAnswer(why=_("it speaks no encryption that we know.")) from None
        raise


class _Timed:
    """A socket whose every operation gets only the time that is left for the whole exchange."""

    def __init__(self, sock: socket.socket, clock: _Clock):
        self.sock, self.clock = sock, clock

    def sendall(self, data: Any) -> None:
        self.sock.settimeout(self.clock.left())
        self.sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """The library closes early, while the answer is still read; the exchange closes the socket itself."""


class _Reader(io.RawIOBase):
    def __init__(self, timed: _Timed):
        self.timed = timed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.timed.sock.settimeout(self.timed.clock.left())
        return self.timed.sock.recv_into(buffer)
