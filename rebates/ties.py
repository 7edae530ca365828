"""What a programme has to do with others, whichever of them states it: for its sentence, and before a version that
links programmes is put into force.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from prm.ui import formats
from prm.values import clock
from prm.values.periods import Period
from rebates.limit_words import best_of_words, cap_on_payout, programmes
from rebates.links import BEST_OF, NET_OF, shared_cap, stacked_on
from rebates.models import Version
from rebates.numbers_in_words import money

CAP = "cap"


@dataclass(frozen=True)
class Tie:
    """A link that `by` states: it ties its own programme and those that it names."""

    kind: str
    by: Version
    named: tuple[str, ...]

    @property
    def codes(self) -> list[str]:
        return list(dict.fromkeys([*self.named, self.by.programme.code]))

    def beside(self, code: str) -> list[str]:
        return [one for one in self.codes if one != code]

    def moved_by(self, codes: Collection[str]) -> list[str]:
        """Whose figures hang on those of `codes` by this link: of a net-of only the later one's."""
        if not any(one in codes for one in (self.named if self.kind == NET_OF else self.codes)):
            return []
        mine = [self.by.programme.code] if self.kind == NET_OF else self.codes
        return [one for one in mine if one not in codes]

    @property
    def cap(self) -> dict[str, Any]:
        return shared_cap(self.by.policy) or {}


@dataclass(frozen=True)
class Effect:
    """A programme whose payout another one's version changes, and how."""

    programme: str
    words: str

    def __str__(self) -> str:
        return _("%(programme)s: %(words)s") % {"programme": self.programme, "words": self.words}


def stated(version: Version) -> Iterator[Tie]:
    """The links that a version states."""
    cap = shared_cap(version.policy)
    found = {CAP: cap["programmes"] if cap else []}
    found |= {kind: stacked_on(version.policy, kind) for kind in (NET_OF, BEST_OF)}
    for kind, codes in found.items():
        if codes:
            yield Tie(kind, version, tuple(codes))


def from_others(version: Version, others: Iterable[Version]) -> list[Tie]:
    """The links to a version's programme that versions of others state."""
    code = version.programme.code
    return [
        tie
        for other in others
        if other.programme_id != version.programme_id
        for tie in stated(other)
        if code in tie.named
    ]


def _linking() -> Any:
    """Published versions that may state a link, by programme and day."""
    rows = Version.objects.published().filter(
        Q(policy__has_key="caps") | Q(policy__has_key="stacking"),
    )
    return rows.select_related("programme").order_by("programme__code", "starts")


def _while_in_force(version: Version) -> list[Version]:
    """Those that link on some day on which the version holds, and have not ended."""
    rows = _linking().filter(Q(ends__isnull=True) | Q(ends__gt=max(version.starts, clock.today())))
    return list(rows.filter(starts__lt=version.ends) if version.ends else rows)


# In words


def sentences(version: Version) -> list[str]:
    """What other programmes state of this one, each with the day from which it holds where that is a later one."""
    found = []
    for tie in from_others(version, _while_in_force(version)):
        words = _told(tie, version.programme.code)
        if tie.by.starts > version.starts:
            words = _("From %(day)s on: %(words)s") % {"day": formats.day(tie.by.starts), "words": words}
        found.append(words)
    return found


def sentences_in(version: Version, period: Period) -> list[str]:
    """What other programmes state of this one in a period."""
    others = _linking().filter(starts__lte=period.start)
    others = others.filter(Q(ends__isnull=True) | Q(ends__gte=period.end))
    return [_told(tie, version.programme.code) for tie in from_others(version, others)]


def _told(tie: Tie, code: str) -> str:
    if tie.kind == CAP:
        return cap_on_payout(tie.by.policy, tie.cap | {"programmes": tie.beside(code)})
    if tie.kind == BEST_OF:
        return best_of_words(tie.codes, code)
    words = {"programme": programmes([tie.by.programme.code])}
    return _("%(programme)s is paid on what is left after what this programme pays.") % words


def effects(version: Version) -> list[Effect]:
    """The other programmes whose payout the version changes from its first day on, by what it states, by what they
    state of it, and by what the version before it stated and it does not any more.
    """
    code, before = version.programme.code, _before(version)
    own, was = list(stated(version)), list(stated(before)) if before else []
    tied = {(tie.kind, tie.cap.get("amount"), other) for tie in was for other in tie.beside(code)}
    found = [
        Effect(
            programmes([other]),
            _moves_along(tie, version.starts)
            if (tie.kind, tie.cap.get("amount"), other) in tied
            else _changed(tie, other, version.starts),
        )
        for tie in own
        if tie.kind != NET_OF  # only the later one changes: this one
        for other in tie.beside(code)
    ]
    linking = _while_in_force(version)
    for tie in from_others(version, linking):
        found += [
            Effect(programmes([other]), _moves_along(tie, version.starts)) for other in tie.moved_by({code})
        ]
    found += _let_go(version, own, was)
    direct = {other for tie in [*own, *was, *from_others(version, linking)] for other in tie.moved_by({code})}
    return found + _by_way_of(direct, code, [tie for other in linking for tie in stated(other)])


def _by_way_of(moved: set[str], code: str, ties: Sequence[Tie]) -> list[Effect]:
    """Those whose figures hang on figures of `moved` that hang on the version."""
    found, reached = [], {code, *moved}
    while more := sorted({other for tie in ties for other in tie.moved_by(reached)} - reached):
        for other in more:
            by = programmes(
                sorted({one for tie in ties if other in tie.moved_by(reached) for one in tie.codes} & reached)
            )
            words = _("it is settled together with %(programmes)s, whose figures change with it") % {
                "programmes": by
            }
            found.append(Effect(programmes([other]), words))
        reached |= set(more)
    return found


def _before(version: Version) -> Version | None:
    """The version in force on the day before."""
    return (
        Version.objects.published()
        .filter(programme=version.programme_id, starts__lt=version.starts)
        .filter(Q(ends__isnull=True) | Q(ends__gte=version.starts))
        .select_related("programme")
        .order_by("-starts")
        .first()
    )


def _changed(tie: Tie, code: str, day: date) -> str:
    words = {"day": formats.day(day), "programmes": programmes(tie.beside(code))}
    if tie.kind == CAP:
        words["amount"] = money(tie.cap["amount"], tie.by.policy["currency"])
        return (
            _(
                "from %(day)s on it shares a cap of %(amount)s with %(programmes)s, and pays less where they exceed it"
                " together"
            )
            % words
        )
    words["order"] = programmes(tie.codes)
    said = _(
        "from %(day)s on only one of %(order)s pays, the one that pays most, of equal ones the one that is named first;"
        " else it pays nothing"
    )
    return said % words


def _moves_along(tie: Tie, day: date) -> str:
    words = {"day": formats.day(day)}
    if tie.kind == CAP:
        return _("it shares a cap with this programme, whose figures change on %(day)s") % words
    if tie.kind == BEST_OF:
        return _("only the one that pays most pays, and this programme's figures change on %(day)s") % words
    return _("it is paid on what is left after this programme, whose figures change on %(day)s") % words


def _let_go(version: Version, own: Sequence[Tie], was: Sequence[Tie]) -> list[Effect]:
    """What the version before tied and this one does not."""
    code, kept = version.programme.code, {(tie.kind, other) for tie in own for other in tie.named}
    words = _("from %(day)s on this programme does not limit it any more") % {
        "day": formats.day(version.starts)
    }
    return [
        Effect(programmes([other]), words)
        for tie in was
        if tie.kind != NET_OF
        for other in tie.beside(code)
        if (tie.kind, other) not in kept
    ]


# What was in force as it was known then


def known_on(version: Version, period: Period, before: datetime) -> dict[int, tuple[Version, Period]]:
    """The versions for the period as somebody knew them before a moment: what was published since is left out, and
    what it ended had not ended. Of those that are settled as often and in the same currency as `version`.
    """
    rows = Version.objects.published().filter(starts__lte=period.start).select_related("programme")
    published = list(rows.order_by("programme__code", "starts"))
    later = {(one.programme_id, one.starts) for one in published if not _known(one, before)}
    later |= {
        (one.programme_id, one.starts)
        for one in Version.objects.published().filter(starts__gt=period.start)
        if not _known(one, before)
    }
    found: dict[int, tuple[Version, Period]] = {}
    for one in published:
        ends = None if (one.programme_id, one.ends) in later else one.ends
        alike = (one.period_length, one.currency) == (version.period_length, version.currency)
        if alike and _known(one, before) and (ends is None or ends >= period.end):
            found[one.programme_id] = (one, period)
    return found


def _known(version: Version, before: datetime) -> bool:
    return version.published_at is None or version.published_at < before
