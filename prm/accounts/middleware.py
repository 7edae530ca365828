"""The signed-in person of a tenant; the public site has operators instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.middleware import AccountMiddleware as AllauthMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django_tenants.utils import get_public_schema_name


class TenantAuthenticationMiddleware(AuthenticationMiddleware):
    """`request.user`, only where there is a tenant: users' tables do not exist in the public schema."""

    def process_request(self, request: Any) -> None:
        if connection.schema_name == get_public_schema_name():
            request.user = AnonymousUser()
        else:
            super().process_request(request)


class AccountMiddleware(AllauthMiddleware):
    """allauth's middleware, left out on the public site."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        super().__init__(get_response)
        self.plain = get_response

    def __call__(self, request: HttpRequest) -> Any:
        if connection.schema_name == get_public_schema_name():
            return self.plain(request)
        return super().__call__(request)
