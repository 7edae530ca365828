"""The visitor's address behind reverse proxies: what guesses are counted by, and what the audit trail keeps."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse


class DemoStaysHomeMiddleware:
    """Demo mode answers its own machine only, whatever address a server was told to listen on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        if not settings.DEMO:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _is_loopback(request.META.get("REMOTE_ADDR", "")):
            return HttpResponse(
                "Demo mode answers its own machine only.", status=403, content_type="text/plain"
            )
        return self.get_response(request)


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


class ClientAddressMiddleware:
    """Sets REMOTE_ADDR from X-Forwarded-For, counted from the right: what stands further left, anybody may write."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.PROXIES:
            hops = [
                part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()
            ]
            if len(hops) >= settings.PROXIES:
                request.META["REMOTE_ADDR"] = hops[-settings.PROXIES]
        return self.get_response(request)
