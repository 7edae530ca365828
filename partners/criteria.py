"""Which tier a partner has reached: the tiers' criteria asked of partners, with the evidence for each.

A partner *keeps* its tier while the tier's renewal criteria hold (the entry criteria where a tier has no others; a
tier without criteria is always kept). It is proposed for the highest tier above its own whose entry criteria hold.
A partner that no longer keeps its tier is proposed for the highest tier below that it would keep, else for none.
A tier without entry criteria is never proposed upwards: people give it by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet

from partners.conditions import tier_of
from partners.models import Partner, Tier
from prm.conditions import BadCondition, Condition
from prm.conditions.evidence import Evidence, Finding, evidence
from prm.values import clock
from prm.values.actor import Actor

SUBJECT = "partner"


@dataclass(frozen=True)
class Proposal:
    """A partner whose tier should change. `to` is None where it reaches no tier; `findings` say why."""

    partner: Any
    now: Tier | None
    to: Tier | None
    every: bool
    findings: list[Finding]

    @property
    def is_promotion(self) -> bool:
        return self.to is not None and (self.now is None or self.to.rank > self.now.rank)


@dataclass(frozen=True)
class Progress:
    """How far a partner is from a tier, or from keeping its own (`keeps`)."""

    tier: Tier
    keeps: bool
    every: bool
    findings: list[Finding]

    @property
    def holds(self) -> bool:
        answers = [one.holds for one in self.findings]
        return all(answers) if self.every else any(answers)


def proposals(actor: Actor) -> list[Proposal]:
    """The active partners that `actor` may see whose tier is not the one they reach, promotions first.

    Set-based: two queries for each tier that has criteria, and for its evidence two for each part of them.
    """
    today = clock.today()
    tiers = list(Tier.objects.order_by("-rank"))
    rows = Partner.objects.visible_to(actor).active()
    partners = {row.pk: row for row in rows.with_tier(today).order_by("name", "pk")}
    nobody: set[int] = set()
    enter = {tier.pk: _holding(tier.entry, rows, today, otherwise=nobody) for tier in tiers}
    keep = {tier.pk: _holding(tier.keeps, rows, today, otherwise=set(partners)) for tier in tiers}
    moves = []
    for partner in partners.values():
        now = next((tier for tier in tiers if tier.code == partner.tier_code), None)
        to = _reached(partner.pk, now, tiers, enter, keep)
        if to != now:
            moves.append((partner, now, to))
    found = _with_evidence(moves, rows, today)
    return sorted(found, key=lambda one: not one.is_promotion)


def _reached(
    pk: int, now: Tier | None, tiers: list[Tier], enter: dict[int, set[int]], keep: dict[int, set[int]]
) -> Tier | None:
    """The tier that a partner reaches; tiers come from the highest down."""
    for tier in tiers:
        if (now is None or tier.rank > now.rank) and pk in enter[tier.pk]:
            return tier
        if now is not None and tier.rank <= now.rank and pk in keep[tier.pk]:
            return tier
    return None


def _holding(condition: Any, rows: QuerySet, today: date, *, otherwise: set[int]) -> set[int]:
    """Which of the rows fulfil a criterion; `otherwise` where there is none, or it is not sound any more."""
    try:
        asked = Condition(condition, SUBJECT)
    except BadCondition:
        return otherwise
    if not condition:
        return otherwise
    return set(asked.narrow(rows, today=today).values_list("pk", flat=True))


def _with_evidence(moves: list[tuple[Any, Any, Any]], rows: QuerySet, today: date) -> list[Proposal]:
    """A promotion is explained by the entry criteria of the tier reached, a demotion by what kept the present one."""
    asked: dict[tuple[int, bool], Evidence | None] = {}
    found = []
    for partner, now, to in moves:
        up = to is not None and (now is None or to.rank > now.rank)
        tier = to if up else now
        key = (tier.pk, up)
        if key not in asked:
            of = [one.pk for one, before, after in moves if (after if up else before) == tier]
            asked[key] = _evidence(tier.entry if up else tier.keeps, rows.filter(pk__in=of), today)
        proof = asked[key]
        found.append(
            Proposal(partner, now, to, proof.every if proof else True, proof.of(partner.pk) if proof else [])
        )
    return found


def _evidence(condition: Any, rows: QuerySet, today: date) -> Evidence | None:
    try:
        return evidence(condition, SUBJECT, rows, today=today) if condition else None
    except BadCondition:
        return None


def tiers_with_partners() -> Iterable[Tier]:
    """The tiers, the highest first, each with `held`: how many partners have it today."""
    held = Count("memberships", filter=Q(memberships__during__contains=clock.today()))
    return Tier.objects.annotate(held=held).order_by("-rank")


def are_stated() -> bool:
    """Whether any tier has criteria."""
    return Tier.objects.exclude(entry={}, renewal={}).exists()


def unsound() -> list[Tier]:
    """Tiers with criteria that are not sound any more, such as one that asks for a deleted field."""
    return [tier for tier in Tier.objects.all() if not all(map(_is_sound, (tier.entry, tier.renewal)))]


def _is_sound(condition: Any) -> bool:
    try:
        return not condition or bool(Condition(condition, SUBJECT))
    except BadCondition:
        return False


def progress_of(partner: Partner) -> list[Progress]:
    """What a partner reads about its tier: whether it keeps its own, and how far the next one above is."""
    today = clock.today()
    tiers = list(Tier.objects.order_by("rank"))
    rows = Partner.objects.for_everyone(because="one partner that the caller may see").filter(pk=partner.pk)
    now = tier_of(partner)
    above = next((tier for tier in tiers if tier.entry and (now is None or tier.rank > now.rank)), None)
    asked = [(now, True, now.keeps)] if now is not None and now.keeps else []
    asked += [(above, False, above.entry)] if above is not None else []
    return list(_progress(partner.pk, asked, rows, today))


def _progress(
    pk: int, asked: list[tuple[Tier, bool, Any]], rows: QuerySet, today: date
) -> Iterable[Progress]:
    for tier, keeps, condition in asked:
        proof = _evidence(condition, rows, today)
        if proof is not None and proof.parts:
            yield Progress(tier, keeps, proof.every, proof.of(pk))
