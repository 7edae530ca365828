"""Who may enter the operator's pages: `request.operator`, from the public site's own session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from prm.tenancy.models import Operator
from prm.values.actor import Actor
from prm.values.request_number import request_number

SESSION_KEY = "operator"
SESSION_SECONDS = 8 * 3600
ENTRANCE = "/operator/"
VERBS = frozenset(
    f"tenancy.{verb}"
    for verb in ("create", "brand", "suspend", "resume", "delete", "export_tenant", "operate")
) | {"jobs.view", "jobs.manage", "jobs.manage_all"}


class OperatorMiddleware:
    """On the public site every page needs an operator unless its view is marked public."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.operator = None
        if connection.schema_name == settings.PUBLIC_SCHEMA_NAME and SESSION_KEY in request.session:
            request.operator = Operator.objects.filter(
                pk=request.session[SESSION_KEY], is_active=True
            ).first()
            if request.operator is not None:
                request.actor = operator_actor(request.operator, request)
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if connection.schema_name != settings.PUBLIC_SCHEMA_NAME or request.operator is not None:
            return None
        if getattr(view, "is_public", False):
            return None
        if request.headers.get("HX-Request"):
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = ENTRANCE
            return answer
        following = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
        return redirect(f"{ENTRANCE}{following}")


def operator_actor(operator: Operator, request: Any) -> Actor:
    """An operator as an operator: may run the installation, sees nothing of any tenant's business."""
    return Actor(
        kind="operator",
        label=operator.email,
        permissions=VERBS,
        tenant=settings.PUBLIC_SCHEMA_NAME,
        request_id=request_number(),
        address=request.META.get("REMOTE_ADDR", ""),
    )


def let_in(request: Any, operator: Operator) -> None:
    """Begin an operator's session, under a new key."""
    request.session.flush()
    request.session[SESSION_KEY] = operator.pk
    request.session.set_expiry(SESSION_SECONDS)


def let_out(request: Any) -> None:
    request.session.flush()
