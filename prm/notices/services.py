"""Telling people: a notice in the inbox and, unless they chose otherwise, a letter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from prm.access.rules import require
from prm.notices.kinds import choices_for, kind_of
from prm.notices.letters import write_letter
from prm.notices.models import NoLetter, Notice
from prm.values import clock
from prm.values.actor import Actor


@transaction.atomic
def notify(
    *,
    users: Iterable[Any],
    kind: str,
    fact: str,
    values: Mapping[str, Any] | None = None,
    link: str = "",
    letter: bool = True,
) -> list[Notice]:
    """Tell `users` once about `fact` ("dealreg.approved:17"); telling it again does nothing. Returns the new notices.

    Called by listeners and jobs, which stand behind the rules. `values` fill the kind's sentences and are stored as
    text; money and days come formatted by the caller. Inactive users are left out.
    """
    people = {user.pk: user for user in users if user.is_active}
    known = set(Notice.objects.filter(fact=fact, user_id__in=people).values_list("user_id", flat=True))
    plain = {name: _plain(value) for name, value in (values or {}).items()}
    new = [
        Notice(user=user, kind=kind, values=plain, link=link, fact=fact)
        for pk, user in people.items()
        if pk not in known
    ]
    Notice.objects.bulk_create(new, ignore_conflicts=True)
    if letter and new:
        declared = kind_of(kind)
        unwanted = set(NoLetter.objects.filter(kind=kind, user__in=people).values_list("user_id", flat=True))
        for notice in new:
            if notice.user_id not in unwanted or not declared.optional:
                write_letter(
                    to=notice.user.email,
                    subject=declared.title,
                    paragraphs=[part for part in (declared.body or declared.title,) if part],
                    values=plain,
                    link=link,
                    link_label=_("Open in the portal"),
                    language=notice.user.language,
                    fact=f"{kind}:{fact}"[:120],
                )
    return list(Notice.objects.filter(fact=fact, user_id__in=[notice.user_id for notice in new]))


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str) and not isinstance(value, bool) else str(value)


def mark_read(*, notice: Notice, by: Actor) -> None:
    """One's own notice is read."""
    require(by, "notices.read")
    Notice.objects.filter(pk=notice.pk, user_id=by.user_id, read_at__isnull=True).update(read_at=clock.now())


def mark_all_read(*, by: Actor) -> int:
    """All of one's own notices are read. Returns how many were not."""
    require(by, "notices.read")
    return Notice.objects.filter(user_id=by.user_id, read_at__isnull=True).update(read_at=clock.now())


@transaction.atomic
def choose_letters(*, user: Any, wanted: Iterable[str], by: Actor) -> None:
    """Keep which kinds of notices `user` also gets by e-mail."""
    require(by, "accounts.change_own")
    wanted = set(wanted)
    offered = {kind.name for kind in choices_for(user.role)}
    NoLetter.objects.filter(user=user, kind__in=offered & wanted).delete()
    refused = [NoLetter(user=user, kind=kind) for kind in sorted(offered - wanted)]
    NoLetter.objects.bulk_create(refused, ignore_conflicts=True)
