"""Puts the Actor on the request, and sends visitors to the sign-in page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from prm.access.scope import actor_for
from prm.values.actor import Actor
from prm.values.request_number import request_number


class ActorMiddleware:
    """`request.actor` for the signed-in person; `request.support` (set by accounts) marks an acting operator."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        known = {
            "tenant": connection.schema_name,
            "request_id": request_number(),
            "address": request.META.get("REMOTE_ADDR", ""),
        }
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            support = getattr(request, "support", None)
            if support:
                known |= {
                    "kind": "operator",
                    "acting_operator": support.operator_email,
                    "read_only": not support.may_write,
                }
            request.actor = actor_for(user, **known)
        else:
            request.actor = Actor.nobody(**known)
        return self.get_response(request)


class SignInRequiredMiddleware:
    """Every page of a tenant needs a signed-in person unless its view is marked public."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if connection.schema_name == settings.PUBLIC_SCHEMA_NAME or request.actor.kind != "nobody":
            return None
        inner = getattr(view, "view_class", view)
        if getattr(view, "is_public", False) or getattr(inner, "is_public", False):
            return None
        if request.headers.get("HX-Request"):
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = settings.LOGIN_URL
            return answer
        following = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
        return redirect(f"{settings.LOGIN_URL}{following}")
