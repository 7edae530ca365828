"""Between sign-in and work: a second factor where the role needs one, and when a session was last used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from prm.access.roles import PARTNER_ROLES
from prm.accounts.adapter import HAS_LEFT
from prm.accounts.factors import must_have_second_factor
from prm.accounts.services.sessions import forget_session
from prm.values import clock

HAS_SECOND_FACTOR = "has_second_factor"
SEEN = "seen_at"
SEEN_EVERY = timedelta(minutes=5)


class EntranceMiddleware:
    """People whose role needs a second factor reach nothing but its set-up until they have one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated or getattr(request, "support", None):
            return None
        if request.actor.role in PARTNER_ROLES and request.actor.partner_id is None:
            return None if getattr(view, "is_public", False) else _show_out(request)
        _note_activity(request)
        if not needs_second_factor(request) or getattr(view, "is_public", False) or is_entrance(view):
            return None
        if request.headers.get("HX-Request"):
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = SET_UP
            return answer
        return redirect(SET_UP)


SET_UP = "/account/second-factor/set-up/"


def entrance(view: Any) -> Any:
    """Mark a view that somebody without the required second factor may still open."""
    view.is_entrance = True
    return view


def is_entrance(view: Any) -> bool:
    return getattr(view, "is_entrance", False)


def needs_second_factor(request: Any) -> bool:
    """Whether the signed-in person still has to set one up; asks the database once per session."""
    if not must_have_second_factor(request.user) or request.session.get(HAS_SECOND_FACTOR):
        return False
    if Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).exists():
        request.session[HAS_SECOND_FACTOR] = True
        return False
    return True


def _show_out(request: Any) -> HttpResponse:
    """The person's company let them go, or has itself gone: the session ends, and sign-in says why."""
    forget_session(request.session.session_key)
    logout(request)
    messages.error(request, HAS_LEFT)
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = settings.LOGIN_URL
        return answer
    return redirect(settings.LOGIN_URL)


def _note_activity(request: Any) -> None:
    """Keep when a session was last used, to five minutes; on most requests this costs nothing."""
    seen = request.session.get(SEEN)
    now = clock.now()
    if seen and now - datetime.fromisoformat(seen) < SEEN_EVERY:
        return
    request.session[SEEN] = now.isoformat()
    if request.session.session_key:
        UserSession.objects.filter(session_key=request.session.session_key).update(
            last_seen_at=now,
            ip=request.META.get("REMOTE_ADDR") or "0.0.0.0",
        )
