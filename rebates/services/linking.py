"""Whether programmes that are settled together fit each other, asked before a version is put into force."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

from django.db.models import Q
from django.utils.translation import gettext as _

from prm.values.periods import Period
from rebates.errors import (
    LinkDiffers,
    LinkedInCircle,
    LinkedTwice,
    LinkMissing,
    LinkSpansPartners,
    MembersToldApart,
)
from rebates.links import BEST_OF, NET_OF, named_programmes, shared_cap, stacked_on, waits_for
from rebates.models import Programme, Version
from rebates.partner_pools import LEAST_MEMBERS, hangs_on_all, is_group, told_apart
from rebates.plans import plans_for
from rebates.policy import ProgrammeText

CAP = "cap"


@dataclass(frozen=True)
class Link:
    kind: str
    by: str  # the programme that states it
    codes: frozenset[str]  # with the one that states it
    named: frozenset[str]


def links_stated(code: str, policy: dict[str, Any]) -> Iterator[Link]:
    cap = shared_cap(policy)
    named = {
        CAP: cap["programmes"] if cap else [],
        **{kind: stacked_on(policy, kind) for kind in (NET_OF, BEST_OF)},
    }
    for kind, codes in named.items():
        if codes:
            yield Link(kind, code, frozenset({code, *codes}), frozenset(codes))


def in_link_order(texts: Sequence[ProgrammeText]) -> list[ProgrammeText]:
    """The same texts, each after those that it names; as they stand where they name each other."""
    named: dict[str, set[str]] = {}
    for text in texts:
        named.setdefault(text.code, set()).update(named_programmes(text.policy) - {text.code})
    order: list[str] = []
    while len(order) < len(named):
        left = [code for code in named if code not in order]
        order += [code for code in left if not named[code] & set(left)] or left
    return sorted(texts, key=lambda text: order.index(text.code))


def unknown_programmes(texts: Sequence[ProgrammeText]) -> list[str]:
    """A sentence for each programme that a text names and nobody knows, and for a text that names only itself."""
    codes = {code for text in texts for code in named_programmes(text.policy)}
    known = set(Programme.objects.filter(code__in=codes).values_list("code", flat=True))
    known |= {text.code for text in texts}
    found = []
    for text in texts:
        named = named_programmes(text.policy)
        found += [
            _("%(programme)s: no programme has the code %(code)s.") % {"programme": text.code, "code": code}
            for code in sorted(named - known)
        ]
        if named == {text.code}:
            found.append(_("%(programme)s: name at least one other programme.") % {"programme": text.code})
    return found


def refuse_unsound_links(text: ProgrammeText) -> None:
    """Raise where the version would be settled together with programmes that do not fit it."""
    after = text.until + timedelta(days=1) if text.until else None
    rows = (
        Version.objects.published()
        .exclude(programme__code=text.code)
        .filter(Q(ends__isnull=True) | Q(ends__gt=text.starts))
        .select_related("programme")
        .order_by("programme__code", "starts")
    )
    others = list(rows.filter(starts__lt=after) if after else rows)
    policies = [(version.programme.code, version.policy) for version in others]
    in_force = {version.programme.code for version in others if version.starts <= text.starts}
    for code in sorted(named_programmes(text.policy) - {text.code} - in_force):
        raise LinkMissing(programme=text.code, other=code, day=text.starts)
    policies.append((text.code, text.policy))
    links = [link for code, policy in policies for link in links_stated(code, policy)]
    own = [link for link in links if text.code in link.codes]
    for link in own:
        for code, policy in policies:
            if code in link.codes:
                _refuse_unlike(text, code, policy)
        _refuse_a_second(link, links)
    _refuse_circle(text.code, links)
    _refuse_spanning(text, links, policies)


def refuse_told_apart(version: Version) -> None:
    """Raise where the sums of the version and of another one, both in force on some day, tell a few by subtraction."""
    if not hangs_on_all(version.policy):
        return
    rows = Version.objects.published().exclude(programme=version.programme_id).select_related("programme")
    rows = rows.filter(Q(ends__isnull=True) | Q(ends__gt=version.starts))
    rows = rows.filter(starts__lt=version.ends) if version.ends else rows
    (own,) = plans_for([(version, Period.of(version.period_length, version.starts))])
    for other in rows.order_by("programme__code", "starts"):
        if not hangs_on_all(other.policy):
            continue
        day = max(version.starts, other.starts)
        (theirs,) = plans_for([(other, Period.of(other.period_length, day))])
        count = told_apart(own, theirs)
        if count is not None:
            raise MembersToldApart(
                programme=version.programme.code, other=other.programme.code, count=count, least=LEAST_MEMBERS
            )


def _refuse_unlike(text: ProgrammeText, code: str, policy: dict[str, Any]) -> None:
    both = (text.policy, policy)
    if len({(one["period"], one["currency"], bool(one.get("cumulative"))) for one in both}) > 1:
        raise LinkDiffers(programme=text.code, other=code)


def _refuse_spanning(
    text: ProgrammeText, links: list[Link], policies: Sequence[tuple[str, dict[str, Any]]]
) -> None:
    """What a group pays each is known in cents only, and so is the part of a cap over all partners: neither shares a
    cap. A group stands in no best-of and nothing is net of it; and of what hangs on all nothing waits for another.
    """
    on_all = {code for code, policy in policies if hangs_on_all(policy)}
    groups = {code for code, policy in policies if is_group(policy)}
    at_once, earlier = _at_once_and_earlier(links)
    for link in links:
        tied = {CAP: on_all, BEST_OF: groups, NET_OF: groups - {link.by}}[link.kind] & link.codes
        if tied and text.code in link.codes:
            _say_spanning(text, tied, link.codes)
    for code in sorted(on_all):
        waits = waits_for(code, at_once, earlier)
        if on_all & waits and text.code in waits | {code}:
            _say_spanning(text, on_all & waits, waits | {code})


def _say_spanning(text: ProgrammeText, tied: Collection[str], codes: Collection[str]) -> NoReturn:
    other = sorted(set(tied) - {text.code} or set(codes) - {text.code})[0]
    raise LinkSpansPartners(programme=text.code, other=other)


def _refuse_a_second(link: Link, links: list[Link]) -> None:
    """A programme stands in one shared cap and in one best-of."""
    for other in links:
        if other.kind != link.kind or other.by == link.by or link.kind == NET_OF:
            continue
        for code in sorted(link.codes & other.codes):
            raise LinkedTwice(programme=code, first=other.by, second=link.by)


def _refuse_circle(code: str, links: list[Link]) -> None:
    at_once, earlier = _at_once_and_earlier(links)
    waits = waits_for(code, at_once, earlier)
    if code in waits:
        round_about = {one for one in waits if code in waits_for(one, at_once, earlier)} - {code}
        raise LinkedInCircle(programme=code, others=", ".join(sorted(round_about) or [code]))


def _at_once_and_earlier(links: list[Link]) -> tuple[list[frozenset[str]], dict[str, set[str]]]:
    """What is settled at once, and what each is net of."""
    earlier: dict[str, set[str]] = {}
    for link in links:
        if link.kind == NET_OF:
            earlier.setdefault(link.by, set()).update(link.named)
    return [link.codes for link in links if link.kind != NET_OF], earlier
