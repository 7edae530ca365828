"""What policies ask of a partner besides its tier and type: region, certificates, gates; as plans, SQL and figures.

Guarantees
- A figure is asked of a measure for all partners at once, and frozen with the run: an adjustment of a closed period
  reads what its close read.
- Plans that ask for nothing here cost nothing: no column, no join, no test.

A certificate is a measure that an app registers with `kind="certificate"`: how many a partner holds on a day. A score
is one with `kind="score"`. A partner without a figure has 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.measures import registry
from rebates import formula, measure_factors
from rebates.models import Signature, Version
from rebates.plans import Plan, Sql

DAY = timedelta(days=1)
# What a version that waits for signatures asks for: whoever has signed it when it is computed has one.
SIGNATURE = "rebates.signature"


@dataclass(frozen=True)
class Asked:
    """A measure over the days of a period, or of its last day alone."""

    measure: str
    first: date
    after: date

    @property
    def key(self) -> str:
        """Its name among the frozen figures."""
        days = self.first.isoformat() if self.after - self.first == DAY else f"{self.first}/{self.after}"
        return f"{self.measure} {days}"

    def figures(self, until: date) -> dict[int, str]:
        """The figures of all partners as they stand on `until`, that day included; zeros are left out."""
        if self.measure.startswith(f"{SIGNATURE}:"):
            return dict.fromkeys(_signers(int(self.measure.rpartition(":")[2])), "1")
        measure = registry.find(self.measure)
        if measure is None:
            return {}
        after = min(self.after, until + DAY)
        rows = measure.totals(min(self.first, until), after).order_by().values_list("partner_id", "value")
        return {partner: f"{Decimal(value).normalize():f}" for partner, value in rows if value}


def offered(kind: str) -> list[tuple[str, str]]:
    """What can be asked for as a certificate, a score or a measure: (code, label).

    Partners read what was found, so nothing that only the vendor's own people may ask for.
    """
    return [
        (name, str(measure.label))
        for name, measure in registry.everything().items()
        if not measure.staff and (kind == "measure" or measure.kind == kind)
    ]


KIND_NAMES = {"certificate": _("certificate"), "score": _("score"), "measure": _("figure")}


def gates_of(policy: dict[str, Any]) -> list[dict[str, str]]:
    """The gates, each with what it asks at least."""
    return [{"at_least": "1", **gate} for gate in policy.get("gates", [])]


def gates_for(plan: Plan) -> list[dict[str, str]]:
    """The gates of a plan: those of its policy, and the partner's signature where a published version waits for it."""
    waits = plan.policy.get("sign_off") == "before_accrual" and plan.version.state == Version.State.PUBLISHED
    return [*gates_of(plan.policy), *([SIGNATURE_GATE] if waits else [])]


SIGNATURE_GATE = {"at_least": "1", "kind": "certificate", "code": SIGNATURE}


def _signers(version_id: int) -> list[int]:
    rows = Signature.objects.for_everyone(because="who may accrue").signed()
    return list(rows.filter(version=version_id).values_list("partner_id", flat=True))


def requests_for(plan: Plan) -> list[dict[str, str]]:
    """All that a plan asks of measures beside certificates: for gates, for a formula and for factors."""
    policy = plan.policy
    return [*gates_for(plan), *formula.asked_of(policy), *measure_factors.asked_of(policy)]


def asked_for(gate: dict[str, str], plan: Plan) -> Asked:
    """A certificate is asked for on the period's last day, everything else over the days that count."""
    if gate["code"] == SIGNATURE:
        return Asked(f"{SIGNATURE}:{plan.version.pk}", plan.period.last_day, plan.period.end)
    if gate["kind"] == "certificate":
        return Asked(gate["code"], plan.period.last_day, plan.period.end)
    return Asked(gate["code"], plan.counted.start, plan.counted.end)


def _held(plan: Plan) -> list[Asked]:
    codes = plan.policy.get("who", {}).get("certificates", [])
    return [asked_for({"kind": "certificate", "code": code}, plan) for code in codes]


def asked_by(plan: Plan) -> list[Asked]:
    """All that a plan asks of partners."""
    return [*_held(plan), *(asked_for(one, plan) for one in requests_for(plan))]


def all_asked(plans: Iterable[Plan]) -> list[Asked]:
    found = {asked.key: asked for plan in plans for asked in asked_by(plan)}
    return [found[key] for key in sorted(found)]


def renamed(before: Iterable[Plan], after: Iterable[Plan]) -> dict[str, str]:
    """By the name of each figure that `after` asks for: its name in `before`, of the same programme and measure."""
    known = {
        (plan.version.programme_id, asked.measure): asked.key for plan in before for asked in asked_by(plan)
    }
    return {
        asked.key: known[plan.version.programme_id, asked.measure]
        for plan in after
        for asked in asked_by(plan)
        if (plan.version.programme_id, asked.measure) in known
    }


def matter(plans: Iterable[Plan]) -> bool:
    """Whether some plan asks for anything here."""
    return any(
        plan.chosen is not None
        or requests_for(plan)
        or {"regions", "certificates"} & plan.policy.get("who", {}).keys()
        for plan in plans
    )


# SQL


def frozen_members() -> str:
    """The relation of what partners were when the run %(run)s was computed."""
    return "(SELECT partner_id, tier, type, region, family, figures FROM rebates_runmember WHERE run_id = %(run)s)"


def members_on(day: date, plans: Sequence[Plan] = ()) -> Sql:
    """(partner_id, tier, type, region, family, figures) of every partner on `day`; tier '' where there is none.

    `figures` holds what `plans` ask for, as it stands on that day; NULL where they ask for nothing. Region and type are
    those of now, as is `family`, the topmost partner above each; NULL where no plan asks for families.
    """
    joins, pairs, params = [], [], {"member_day": day}
    family = "NULL::bigint"
    if any(plan.policy.get("who", {}).get("as") == "family" for plan in plans):
        family = "COALESCE(family.top, partner.id)"
        joins.append(f"LEFT JOIN ({_FAMILIES}) family ON family.partner_id = partner.id")
    for number, asked in enumerate(all_asked(plans)):
        name = f"asked_{number}"
        params[name] = json.dumps(asked.figures(day))  # type: ignore[assignment]
        params[f"{name}_key"] = asked.key  # type: ignore[assignment]
        joins.append(f"LEFT JOIN jsonb_each_text(%({name})s::jsonb) {name} ON {name}.key = partner.id::text")
        pairs.append(f"%({name}_key)s::text, {name}.value")
    figures = f"jsonb_strip_nulls(jsonb_build_object({', '.join(pairs)}))" if pairs else "NULL::jsonb"
    return Sql(
        f"""
        SELECT partner.id AS partner_id, COALESCE(tier.code, '') AS tier, partner.type, partner.region,
               {family} AS family, {figures} AS figures
        FROM partners_partner partner
        LEFT JOIN partners_tiermembership held ON held.partner_id = partner.id AND held.during @> %(member_day)s::date
        LEFT JOIN partners_tier tier ON tier.id = held.tier_id
        {" ".join(joins)}
        """,
        params,
    )


_FAMILIES = """
    WITH RECURSIVE above AS (
        SELECT id AS partner_id, id AS top, parent_id FROM partners_partner
        UNION
        SELECT above.partner_id, parent.id, parent.parent_id
        FROM above JOIN partners_partner parent ON parent.id = above.parent_id
    )
    SELECT partner_id, top FROM above WHERE parent_id IS NULL"""
# Columns of a member and of a plan's row, where some plan asks for anything.
MEMBER = ("region", "figures")
COLUMNS = "regions, chosen, certificates, gates"


def cells(plan: Plan) -> dict[str, tuple[Any, str]]:
    """A plan's `COLUMNS` as (value, type of PostgreSQL)."""
    gates = [gate | {"key": asked_for(gate, plan).key} for gate in gates_for(plan)]
    return {
        "regions": (plan.policy.get("who", {}).get("regions"), "text[]"),
        "chosen": (None if plan.chosen is None else sorted(plan.chosen), "bigint[]"),
        "certificates": ([asked.key for asked in _held(plan)] or None, "text[]"),
        "gates": (json.dumps(gates) if gates else None, "jsonb"),
    }


TAKES_PART = """
    AND (plan.regions IS NULL OR plan.region = ANY(plan.regions))
    AND (plan.chosen IS NULL OR plan.partner_id = ANY(plan.chosen))
    AND (plan.certificates IS NULL OR EXISTS (
        SELECT FROM unnest(plan.certificates) code WHERE (plan.figures ->> code)::numeric >= 1))"""
# One row: whether all gates are met, and what each asked and found; NULL without gates.
GATE = """CROSS JOIN LATERAL (
    SELECT COALESCE(bool_and(one.passed), true) AS passed,
           jsonb_agg(one.asked - 'key' || jsonb_build_object('found', one.found::text, 'passed', one.passed)) AS said
    FROM (
        SELECT asked, found, found >= (asked ->> 'at_least')::numeric AS passed
        FROM jsonb_array_elements(plan.gates) asked
        CROSS JOIN LATERAL (SELECT COALESCE((plan.figures ->> (asked ->> 'key'))::numeric, 0) AS found) had
    ) one OFFSET 0) gate"""
# The unrounded figure behind the gates: nothing is paid above zero, nothing is forgiven below.
THROUGH_GATES = "CASE WHEN gate.passed THEN {was}.raw ELSE least({was}.raw, 0) END"
SAID = " || CASE WHEN gate.said IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('gates', gate.said) END"
