"""Telling people: a notice in the inbox and, as each of them chose, a letter at once, the digest, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from prm.access.rules import require
from prm.audit.services import record
from prm.notices import push, robots, times
from prm.notices.errors import DigestInQuietHours, QuietHoursNeedBoth
from prm.notices.kinds import Kind, choices_for, kind_of
from prm.notices.letters import write_letter
from prm.notices.models import Notice, NoticeTimes, Preference
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor

OPEN = _("Open in the portal")
MAIL, DIGEST, INBOX, OFF = (one.value for one in Preference.Delivery)


@transaction.atomic
def notify(
    *,
    users: Iterable[Any],
    kind: str,
    fact: str,
    values: Mapping[str, Any] | None = None,
    link: str = "",
    letter: bool = True,
    letter_link: str = "",
    letter_label: Any = "",
) -> list[Notice]:
    """Tell `users` once about `fact` ("dealreg.approved:17"); telling it again does nothing. Returns the new notices.

    Called by listeners and jobs, which stand behind the rules. `values` fill the kind's sentences; days, money and
    words of the product come as prm.ui.said knows them, so that each reads them in their own language. A letter's
    button leads to `letter_link` where that is given.
    Inactive users are left out. Group chats that want the kind are told as well.
    """
    people = {user.pk: user for user in users if user.is_active}
    if not people:
        return []
    declared = kind_of(kind)
    plain = {name: said.stored(value) for name, value in (values or {}).items()}
    chosen = _chosen(declared, people)
    known = set(Notice.objects.filter(fact=fact, user_id__in=people).values_list("user_id", flat=True))
    told = {pk: user for pk, user in people.items() if pk not in known and chosen.get(pk) != OFF}
    known_times = times.times_of(told.values())
    new = [
        Notice(
            user=user, kind=kind, values=plain, link=link, fact=fact,
            digest_due=times.next_digest(known_times[pk], clock.now()) if chosen.get(pk) == DIGEST else None,
        )
        for pk, user in told.items()
    ]  # fmt: skip
    Notice.objects.bulk_create(new, ignore_conflicts=True)
    if letter:
        for notice in new:
            if chosen.get(notice.user_id, MAIL) == MAIL:
                times_of_reader = known_times[notice.user_id]
                _write(notice, declared, times_of_reader, letter_link or notice.link, letter_label or OPEN)
    push.tell(
        kind=declared, values=plain, link=link, fact=fact,
        due={pk: _at(known_times[pk], declared) for pk in told if chosen.get(pk, MAIL) == MAIL},
    )  # fmt: skip
    robots.tell(kind=declared, people=people.values(), values=plain, link=link, fact=fact)
    return list(Notice.objects.filter(fact=fact, user_id__in=told))


def _chosen(declared: Kind, people: Mapping[int, Any]) -> dict[int, str]:
    """What each person chose for the kind; nobody can have chosen anything for what concerns their safety."""
    if not declared.optional:
        return {}
    rows = Preference.objects.filter(kind=declared.name, user__in=people)
    return dict(rows.values_list("user_id", "delivery"))


def _write(notice: Notice, declared: Kind, known_times: NoticeTimes, link: str, label: Any) -> None:
    """The letter about a notice; within quiet hours it waits for their end, unless it is about safety."""
    write_letter(
        to=notice.user.email,
        subject=declared.title,
        paragraphs=[part for part in (declared.body or declared.title,) if part],
        values=notice.values,
        link=link,
        link_label=label,
        language=notice.user.letter_language,
        fact=f"{declared.name}:{notice.fact}"[:120],
        name=declared.name,
        not_before=_at(known_times, declared),
    )


def _at(known_times: NoticeTimes, declared: Kind) -> datetime:
    """When a person may be written to: now, or after the quiet hours, unless it is about safety."""
    now = clock.now()
    return times.may_write_at(known_times, now) if declared.optional else now


def mark_read(*, notice: Notice, by: Actor) -> None:
    """One's own notice is read."""
    require(by, "notices.read")
    Notice.objects.filter(pk=notice.pk, user_id=by.user_id, read_at__isnull=True).update(read_at=clock.now())


def mark_all_read(*, by: Actor) -> int:
    """All of one's own notices are read. Returns how many were not."""
    require(by, "notices.read")
    return Notice.objects.filter(user_id=by.user_id, read_at__isnull=True).update(read_at=clock.now())


@transaction.atomic
def choose_notices(
    *,
    user: Any,
    deliveries: Mapping[str, str],
    time_zone: str = "",
    quiet_from: time | None = None,
    quiet_to: time | None = None,
    digest_at: time | None = None,
    by: Actor,
) -> None:
    """Keep how `user` hears of each kind of notice, and when letters may come."""
    require(by, "accounts.change_own")
    if (quiet_from is None) != (quiet_to is None):
        raise QuietHoursNeedBoth(field="quiet_to" if quiet_to is None else "quiet_from")
    digest_at = digest_at or time(8, 0)
    if times.is_quiet(quiet_from, quiet_to, digest_at):
        raise DigestInQuietHours(at=f"{digest_at:%H:%M}", end=f"{quiet_to:%H:%M}")
    offered = {kind.name for kind in choices_for(user.role)}
    for kind in sorted(offered & set(deliveries)):
        delivery = deliveries[kind]
        if delivery == MAIL:
            Preference.objects.filter(user=user, kind=kind).delete()
        elif delivery in Preference.Delivery.values:
            Preference.objects.update_or_create(user=user, kind=kind, defaults={"delivery": delivery})
    NoticeTimes.objects.update_or_create(
        user=user,
        defaults={
            "time_zone": time_zone,
            "quiet_from": quiet_from,
            "quiet_to": quiet_to,
            "digest_at": digest_at,
        },
    )
    record(user, "notices_chosen", by=by)
