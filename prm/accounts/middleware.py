"""The signed-in person of a tenant; the public site has operators instead."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django_tenants.utils import get_public_schema_name


class TenantAuthenticationMiddleware(AuthenticationMiddleware):
    """`request.user`, only where there is a tenant: users' tables do not exist in the public schema."""

    def process_request(self, request: Any) -> None:
        if connection.schema_name == get_public_schema_name():
            request.user = AnonymousUser()
        else:
            super().process_request(request)
