"""Known devices: a signed cookie says that somebody has signed in from this browser before."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse

from prm.accounts.models import KnownDevice, User
from prm.values import clock

COOKIE = "known_device"
KEPT = timedelta(days=400)
# Several people may share a browser; the oldest is forgotten.
MOST = 5


def device_of(request: HttpRequest, email: str) -> KnownDevice | None:
    """The known device that this browser is for the person with `email`; None when it is none."""
    hashes = [_hash(token) for token in _tokens(request)]
    if not hashes:
        return None
    return KnownDevice.objects.filter(token_hash__in=hashes, user__email__iexact=email.strip()).first()


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Make this browser a known device of `user`, after a sign-in that was right."""
    tokens = _tokens(request)
    device = device_of(request, user.email)
    if device is not None:
        device.last_used_at = clock.now()
        device.save(update_fields=["last_used_at"])
    else:
        token = secrets.token_urlsafe(24)
        KnownDevice.objects.create(user=user, token_hash=_hash(token), name=describe(agent_of(request)))
        tokens = [token, *tokens][:MOST]
    response.set_signed_cookie(
        COOKIE,
        ".".join(tokens),
        salt=COOKIE,
        max_age=int(KEPT.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )


def forget_all(user: User) -> None:
    """No browser is a known device of `user` any more."""
    KnownDevice.objects.filter(user=user).delete()


def _tokens(request: HttpRequest) -> list[str]:
    try:
        kept = request.get_signed_cookie(COOKIE, default="", salt=COOKIE, max_age=int(KEPT.total_seconds()))
    except BadSignature:
        return []
    return [token for token in str(kept or "").split(".") if token][:MOST]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def agent_of(request: Any) -> str:
    return request.META.get("HTTP_USER_AGENT", "")[:300]


BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("MicroMessenger", "WeChat"), ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
           ("Mac OS", "macOS"), ("Linux", "Linux"))  # fmt: skip


def describe(agent: str) -> str:
    """What a browser calls itself, in two words: "Firefox, Windows"."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return ", ".join(part for part in (browser, system) if part) or agent[:60]
