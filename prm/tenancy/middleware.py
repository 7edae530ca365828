"""Finds the tenant by host name; an unknown host and a suspended tenant answer with a plain page."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django_tenants.middleware.main import TenantMainMiddleware
from django_tenants.utils import get_public_schema_name


class TenantMiddleware(TenantMainMiddleware):
    """Sets the connection's schema and the urls for the request's host."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        answer = super().process_request(request)
        tenant: Any = getattr(request, "tenant", None)
        is_tenant = tenant is not None and tenant.schema_name != get_public_schema_name()
        if answer is None and is_tenant and tenant.is_suspended:
            return self.suspended(request, tenant)
        return answer

    def no_tenant_found(self, request: HttpRequest, hostname: str) -> HttpResponse:
        connection.set_schema_to_public()
        return HttpResponse("No such site.", status=404, content_type="text/plain; charset=utf-8")

    @staticmethod
    def suspended(request: HttpRequest, tenant: Any) -> HttpResponse:
        with translation.override(tenant.language):
            return render(request, "suspended.html", {"tenant": tenant}, status=503)
