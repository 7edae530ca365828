"""`request.support`: the access under which an operator acts in this request; and what nobody may do under one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.auth import SESSION_KEY as USER_KEY
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from prm.accounts.models import SupportAccess
from prm.accounts.support.errors import NotWhileActing
from prm.accounts.support.services import LASTS, end_support, running_access
from prm.ui.errors import forbidden
from prm.values import clock
from prm.values.errors import ReadOnly

SESSION_KEY = "support"
READS = ("GET", "HEAD", "OPTIONS")
# The person's own door: password, second factor, recovery codes, sessions; and the consent itself.
SIGN_OUT = "/sign-out/"
CLOSED = ("/account/", "/password/", "/sign-in/", "/settings/support/")


class SupportMiddleware:
    """Stands between authentication, whose person it marks, and the actor, which is made from both."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.support = None
        if connection.schema_name != settings.PUBLIC_SCHEMA_NAME and SESSION_KEY in request.session:
            access = running_access(request.session[SESSION_KEY])
            if (
                access is None
                or str(access.user_id) != request.session.get(USER_KEY)
                or not request.user.is_active
            ):
                request.session.flush()  # the hour is over, or somebody ended it
                return redirect("support_over")
            request.support = access
        answer = self.get_response(request)
        if request.support and answer.get("Content-Disposition", "").startswith("attachment"):
            # Whatever page it comes from: an operator takes nothing away.
            return forbidden(request, NotWhileActing())
        return answer

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Refuse the person's own door always, and changes unless they were granted."""
        if not getattr(request, "support", None) or getattr(view, "is_safe_while_acting", False):
            return None
        if request.path == SIGN_OUT and request.method == "POST":
            return stop(request)
        if request.path.startswith(CLOSED):
            return forbidden(request, NotWhileActing())
        if request.method not in READS and not request.support.may_write:
            return forbidden(request, ReadOnly())
        return None


def stop(request: Any) -> HttpResponse:
    """The operator has finished: the access ends, and the session with it."""
    end_support(access=request.support, by=request.actor)
    request.session.flush()
    return redirect("support_over")


def let_in(request: Any, access: SupportAccess) -> None:
    """Begin a session as the person, without touching the person's own sessions, devices or last sign-in."""
    request.session.flush()
    request.session[USER_KEY] = str(access.user_id)
    request.session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    request.session[HASH_SESSION_KEY] = access.user.get_session_auth_hash()
    request.session[SESSION_KEY] = access.pk
    left = access.ends_at - clock.now() if access.ends_at else LASTS
    request.session.set_expiry(max(1, int(left.total_seconds())))
