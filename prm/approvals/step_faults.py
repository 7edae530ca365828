"""What can be unsound about a field that a flow writes, and about an address that it calls."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from prm.approvals.faults import Fault, fault
from prm.approvals.world import World
from prm.egress.addresses import parse
from prm.egress.errors import EgressError

# Names that never lead to a public host; what a name resolves to is checked when the call is made.
INSIDE = ("localhost", ".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test", ".invalid")


def update_faults(step: Mapping[str, Any], name: str, world: World) -> list[Fault]:
    own, field = str(step["id"]), str(step["field"])
    settable, value = world.settable.get(field), step.get("value")
    if settable is None:
        return [fault("unknown_update_field", own, name, other=field)]
    fits = settable.takes is None or settable.takes(value)
    if settable.choices is not None:
        fits = value in [known for known, _label in settable.choices()]
    if not fits:
        return [fault("update_value", own, name, other=str(value)[:60])]
    return []


def webhook_faults(step: Mapping[str, Any], name: str) -> list[Fault]:
    url = str(step.get("url", ""))
    return (
        []
        if _may_be_called(url)
        else [fault("webhook_address", str(step["id"]), name, other=url[:120] or "—")]
    )


def _may_be_called(url: str) -> bool:
    """https to a host that could be public, or what the operator listed; addresses only where they are."""
    return _is_listed(url) or _could_be_public(url)


def _is_listed(url: str) -> bool:
    """Whether the operator's list could take it; where a name leads to is asked when the call is made."""
    try:
        target = parse(url)
    except EgressError:
        return False
    for entry in settings.EGRESS_ALLOW:
        if (entry.scheme, entry.port) != (target.scheme, target.port):
            continue
        if entry.network is None:
            if entry.host == target.host:
                return True
            continue
        try:
            if entry.takes(target, [ipaddress.ip_address(target.host)]):
                return True
        except ValueError:
            return True
    return False


def _could_be_public(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip(".").lower(), parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or not host or parts.username or port not in (None, 443):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        pass
    numeric = host.replace(".", "").removeprefix("0x").isdigit()  # 127.1, 2130706433: addresses in disguise
    return "." in host and not numeric and not any(host == one or host.endswith(one) for one in INSIDE)
