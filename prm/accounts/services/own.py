"""What people do to their own account."""

from __future__ import annotations

from django.db import transaction

from prm.access.rules import require
from prm.accounts import guard
from prm.accounts.events import PasswordResetAsked
from prm.accounts.models import User
from prm.audit.services import differences, record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor


@transaction.atomic
def change_own_account(*, user: User, name: str, title: str, phone: str, language: str, by: Actor) -> User:
    """Change one's own name, job title, telephone and language ("" is: as the browser says)."""
    require(by, "accounts.change_own")
    user = User.objects.select_for_update().get(pk=user.pk)
    before = {"name": user.name, "title": user.title, "phone": user.phone, "language": user.language}
    after = {"name": name.strip(), "title": title.strip(), "phone": phone.strip(), "language": language}
    changes = differences(before, after)
    if changes:
        User.objects.filter(pk=user.pk).update(**after)
        record(user, "changed_own_account", by=by, changes=changes)
        user.refresh_from_db()
    return user


def choose_language(by: Actor, code: str) -> None:
    """Keep a language with the account of a signed-in person; an operator acting for them changes nothing."""
    if by.user_id and not by.acting_operator:
        User.objects.filter(pk=by.user_id).update(language=code)


def note_language(user: User, code: str) -> None:
    """Remember in which language somebody reads who has chosen none: letters are written in it."""
    User.objects.filter(pk=user.pk).update(seen_language=code)


@transaction.atomic
def ask_password_reset(*, email: str, by: Actor) -> bool:
    """Ask for the letter that sets a new password. Costs and answers the same whether anybody has `email`.

    Returns whether the question was taken; too many from one address or for one account are not.
    """
    standing = guard.take(guard.account_key(email, "reset"), guard.address_key(by.address, "reset-from"))
    if standing.allowed:
        emit(PasswordResetAsked(email=email.strip().lower(), at=clock.now().isoformat()))
    return standing.allowed
