"""The partners of a settlement that no programme gives a figure, and why as far as that is known.

Guarantee: a reason is told only where it follows from what the run froze (who the partner was, which programmes it
settled) and from the lines that it read; otherwise the row says that no reason is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import CreditedLine, SalesLine
from partners.models import Partner
from prm.values.actor import Actor
from rebates import tier_days, traits
from rebates.credited import is_credited
from rebates.models import Result, RunMember, SettlementRun
from rebates.plans import Plan, scope_plans
from rebates.since_counts import lines_of

WHY = "narrowed to members that the actor sees"
NAMED = 3  # programmes behind one reason; the sentence says how many more there are
NOT_YET = (Partner.Status.PROSPECT, Partner.Status.APPLIED, Partner.Status.SCREENING, Partner.Status.REJECTED)
REASONS = {
    "uncounted": gettext_lazy("lines are there, and gave no figure"),
    "no_lines": gettext_lazy("no lines that count"),
    "tier": gettext_lazy("not in the tier"),
    "type": gettext_lazy("another type of partner"),
    "region": gettext_lazy("another region"),
    "certificate": gettext_lazy("without the certificate"),
    "chosen": gettext_lazy("not among the chosen partners"),
}


@dataclass(frozen=True)
class Reason:
    """Why, in words, and under which programmes."""

    kind: str
    programmes: Sequence[str]

    @property
    def words(self) -> str:
        named = ", ".join(self.programmes[:NAMED])
        more = len(self.programmes) - NAMED
        if more > 0:
            named = _("%(names)s and %(count)s more") % {"names": named, "count": more}
        return _("%(why)s: %(programmes)s") % {"why": REASONS[self.kind], "programmes": named}


@dataclass(frozen=True)
class Without:
    """A partner without a result, as the run froze it; the reasons nearest to a figure first."""

    partner: Partner
    tier: str
    reasons: list[Reason]


def members_without(run: SettlementRun, actor: Actor) -> Any:
    """Members of a run without any result that `actor` sees, keyset-pageable by partner."""
    results = Result.objects.for_everyone(because=WHY).filter(run=run, partner_id=OuterRef("partner_id"))
    members = RunMember.objects.visible_to(actor).filter(run=run)
    return (
        members.filter(~Exists(results))
        .exclude(partner__status__in=NOT_YET)
        .select_related("partner")
        .order_by("partner_id")
    )


def explained(run: SettlementRun, members: Iterable[RunMember]) -> list[Without]:
    """Those with their reasons: as many queries for a page of them as for one."""
    members = list(members)
    plans = scope_plans(run) if members else []
    bought = _bought(run, plans, [member.partner_id for member in members])
    return [
        Without(member.partner, member.tier, _reasons(plans, member, bought[member.partner_id]))
        for member in members
    ]


def _reasons(plans: Sequence[Plan], member: RunMember, bought: set[int]) -> list[Reason]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for number, plan in enumerate(plans):
        kind = why_outside(plan, member) or ("uncounted" if number in bought else "no_lines")
        by_kind[kind].append(str(plan.version.programme))
    return [Reason(kind, by_kind[kind]) for kind in REASONS if kind in by_kind]


def why_outside(plan: Plan, member: RunMember) -> str:
    """Why the partner does not take part; empty where it does."""
    who = plan.policy.get("who", {})
    if plan.chosen is not None and member.partner_id not in plan.chosen:
        return "chosen"
    if who.get("types") and member.type not in who["types"]:
        return "type"
    if who.get("regions") and member.region not in who["regions"]:
        return "region"
    if who.get("tiers") and not tier_days.by_line(plan.policy) and member.tier not in who["tiers"]:
        return "tier"
    certificates = traits.cells(plan)["certificates"][0]
    held = member.figures or {}
    if certificates and not any(float(held.get(key, 0)) >= 1 for key in certificates):
        return "certificate"
    return ""


def _bought(run: SettlementRun, plans: Sequence[Plan], partners: Sequence[int]) -> dict[int, set[int]]:
    """By partner: numbers of the plans of which it has lines, or credits, that the run read."""
    found: dict[int, set[int]] = defaultdict(set)
    for model, credited in ((SalesLine, False), (CreditedLine, True)):
        wanted = {
            f"lines_{number}": Count("pk", filter=lines_of(plan))
            for number, plan in enumerate(plans)
            if is_credited(plan.policy) is credited
        }
        if not wanted or not partners:
            continue
        read = model.objects.for_everyone(because=WHY).filter(
            partner_id__in=partners, pk__lte=run.watermark or 0
        )
        for partner, *counts in read.order_by().values_list("partner_id").annotate(**wanted):
            found[partner] |= {int(name[6:]) for name, count in zip(wanted, counts, strict=True) if count}
    return found
