"""Finds the tenant by host name; an unknown host and a suspended tenant answer with a plain page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django_tenants.middleware.main import TenantMainMiddleware

from prm.values import clock

# What the page of a suspended tenant needs to look like the tenant's.
LOOKS = ("/brand.css", "/brand/logo", "/ui.js")


def language_for(request: HttpRequest, tenant: Any) -> str:
    """What the browser asks for; the tenant's language where it asks for nothing."""
    chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES or request.headers.get("Accept-Language")
    return translation.get_language_from_request(request) if chosen else tenant.language


class TenantMiddleware(TenantMainMiddleware):
    """Sets the connection's schema and the urls for the request's host: a tenant's site or the public one."""

    def process_request(self, request: Any) -> HttpResponse | None:
        connection.set_schema_to_public()
        if self.hostname_from_request(request) == settings.PUBLIC_HOST:
            request.tenant = None
            self.setup_url_routing(request, force_public=True)
            return None
        answer = super().process_request(request)
        if answer is None and request.tenant.is_suspended and request.path not in LOOKS:
            return self.suspended(request, request.tenant)
        return answer

    def no_tenant_found(self, request: HttpRequest, hostname: str) -> HttpResponse:
        connection.set_schema_to_public()
        return HttpResponse("No such site.", status=404, content_type="text/plain; charset=utf-8")

    @staticmethod
    def suspended(request: HttpRequest, tenant: Any) -> HttpResponse:
        with translation.override(language_for(request, tenant)), timezone.override(clock.tenant_zone()):
            return render(request, "suspended.html", {"tenant": tenant}, status=503)
