"""What is written down when people enter and leave: the audit trail, and events for whoever must be told."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest

from prm.access.scope import actor_for
from prm.accounts import guard
from prm.accounts.events import GuessesBlocked, SecurityChanged
from prm.accounts.models import User
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor


def actor_of(request: HttpRequest, user: User) -> Actor:
    """The Actor for somebody who is just entering, before the next request makes it."""
    known: Any = request.actor  # type: ignore[attr-defined]
    return actor_for(user, tenant=known.tenant, request_id=known.request_id, address=known.address)


def note_sign_in(request: HttpRequest, user: User, *, how: str = "password") -> None:
    """Record a sign-in that was right."""
    record(user, "signed_in", by=actor_of(request, user), changes={"how": [None, how]})


@transaction.atomic
def note_failure(*, email: str, address: str, standing: guard.Standing) -> None:
    """Record a wrong password; when it was the last try, tell the person and the administrators (by event)."""
    user = User.objects.filter(email__iexact=email.strip()).first()
    visitor = Actor.nobody(label=user.email if user else "", address=address)
    record(user, "sign_in_failed", by=visitor)
    if standing.account_blocked:
        record(user, "sign_in_blocked", by=visitor)
        emit(
            GuessesBlocked(
                email=email.strip().lower(),
                address=address,
                minutes=standing.minutes,
                at=clock.now().isoformat(),
            )
        )


@transaction.atomic
def note_password(user: User, *, request: HttpRequest | None) -> None:
    """A new password ends what guesses had blocked, and the person hears of it."""
    guard.forgive(guard.account_key(user.email))
    note_security(user, "password_changed", request=request)


@transaction.atomic
def note_security(user: User, what: str, *, request: HttpRequest | None) -> None:
    """Record a change of password or second factor; the person gets a notice and a letter."""
    by = actor_of(request, user) if request is not None else Actor.job("accounts")
    record(user, what, by=by)
    emit(
        SecurityChanged(user_id=user.pk, what=what, at=clock.now().isoformat()), object_key=f"user:{user.pk}"
    )


def note_sign_out(request: HttpRequest) -> None:
    record(request.user, "signed_out", by=request.actor)  # type: ignore[attr-defined, arg-type]
