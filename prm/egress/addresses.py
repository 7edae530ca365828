"""Which hosts may be spoken to: public addresses over https, and what the operator listed.

The operator's list (PRM_EGRESS_ALLOW) holds entries like `https://10.0.0.0/8:8443`, `http://127.0.0.1:9000` or
`https://erp.internal:443`: a scheme, a network or a host name, and a port. An entry with a network allows every host
whose addresses all lie in it; one with a host name allows that name, wherever it leads.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from prm.egress.errors import AddressRefused, NoAnswer

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
ENTRY = re.compile(r"^(https?)://(\[[0-9a-fA-F:.]+\](?:/\d{1,3})?|[^\s\[\]:/]+(?:/\d{1,2})?):(\d{1,5})$")
# Ranges in which an IPv4 address is wrapped up: what counts is the address inside.
WRAPPED = [
    (ipaddress.ip_network("::ffff:0:0/96"), 0),
    (ipaddress.ip_network("::/96"), 0),
    (ipaddress.ip_network("64:ff9b::/96"), 0),
    (ipaddress.ip_network("2002::/16"), 80),
]
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Allowed:
    """One line of the operator's list."""

    scheme: str
    port: int
    host: str = ""
    network: Network | None = None

    def takes(self, target: Target, addresses: list[Address]) -> bool:
        """Whether the entry, whose scheme and port are the target's, allows these addresses."""
        if self.network is None:
            return self.host == target.host
        return all(
            one.version == self.network.version and one in self.network for one in map(plain, addresses)
        )


@dataclass(frozen=True)
class Target:
    """Where a URL leads: its parts, checked for form."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


def allowed_entry(text: str) -> Allowed:
    """One entry of PRM_EGRESS_ALLOW; ImproperlyConfigured names what is wrong."""
    found = ENTRY.match(text)
    if not found:
        raise ImproperlyConfigured(
            f"PRM_EGRESS_ALLOW has '{text}'. Write scheme, host or network, and port: https://10.0.0.0/8:8443."
        )
    scheme, host, port = found[1], found[2].replace("[", "").replace("]", ""), int(found[3])
    try:
        return Allowed(scheme, port, network=ipaddress.ip_network(host))
    except ValueError:
        if "/" in host:
            raise ImproperlyConfigured(f"PRM_EGRESS_ALLOW has '{text}': {host} is no network.") from None
    return Allowed(scheme, port, host=host.lower().rstrip("."))


def parse(url: str) -> Target:
    """The parts of `url`; AddressRefused for anything but a plain http(s) address."""
    if not url or len(url) > 2000 or re.search(r"[\s\\\x00-\x1f\x7f]", url):
        raise AddressRefused(why=_("it cannot be read."))
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _ascii(parts.hostname or "")
    except ValueError:
        raise AddressRefused(why=_("it cannot be read.")) from None
    if parts.scheme not in PORTS:
        raise AddressRefused(why=_("it must begin with https://."))
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(why=_("it must hold no user name and no password."))
    if not host or "%" in host:
        raise AddressRefused(why=_("it cannot be read."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise AddressRefused(why=_("it cannot be read."))
    return Target(parts.scheme, host, port if port is not None else PORTS[parts.scheme], path)


def _ascii(host: str) -> str:
    """The host as the wire writes it; a name in other letters in its IDNA form."""
    host = host.lower().rstrip(".")
    return host if host.isascii() else host.encode("idna").decode("ascii")


def resolve(target: Target, *, seconds: float) -> list[Address]:
    """The addresses that may be spoken to for `target`, asked for once; AddressRefused when one of them may not."""
    entries = [one for one in settings.EGRESS_ALLOW if (one.scheme, one.port) == (target.scheme, target.port)]
    if not entries and target.scheme != "https":
        raise AddressRefused(why=_("it must begin with https://."))
    if not entries and target.port != PORTS["https"]:
        raise AddressRefused(why=_("the port must be 443."))
    found = _look_up(target, seconds)
    usual = (target.scheme, target.port) == ("https", PORTS["https"])
    # One private address among public ones is how a rebinding name is made: none of them is used.
    if not any(one.takes(target, found) for one in entries) and not (usual and all(map(is_public, found))):
        raise AddressRefused(why=_("it leads into a private network."))
    return found


def _look_up(target: Target, seconds: float) -> list[Address]:
    """Ask the resolver in a thread of its own: it knows no deadline."""
    answer: dict[str, Any] = {}

    def ask() -> None:
        try:
            answer["rows"] = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as problem:
            answer["problem"] = problem

    thread = threading.Thread(target=ask, daemon=True, name="egress-resolver")
    thread.start()
    thread.join(max(seconds, 0.1))
    rows = answer.get("rows")
    if not rows:
        raise NoAnswer(why=_("the name %(host)s is not known.") % {"host": target.host})
    return list(dict.fromkeys(ipaddress.ip_address(row[4][0].partition("%")[0]) for row in rows))


def plain(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that only wraps it; else the address itself."""
    if isinstance(address, ipaddress.IPv6Address) and not (address.is_loopback or address.is_unspecified):
        for network, shift in WRAPPED:
            if address in network:
                return ipaddress.IPv4Address((int(address) >> shift) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public internet, also when it is wrapped up in IPv6."""
    address = plain(address)
    if isinstance(address, ipaddress.IPv6Address) and address not in ipaddress.ip_network("2000::/3"):
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.teredo is not None:
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
        and not address.is_loopback
        and not address.is_link_local
    )
