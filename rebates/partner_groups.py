"""Programmes that take partners together: all that fit as one group, or each parent partner with its branches as one.

Guarantees
- What counts, the baseline, the caps, the band and the rounded figure of a group are those of one partner that had
  bought everything its members bought.
- That figure is shared by what each member is paid on, as it was before a cap or full increments: in minor units, by
  largest remainder, ties to the lower partner number. The shares come to the figure exactly. A member whose sum lies on
  the other side of zero than the group's gets nothing; where nobody has one nothing is paid.
- Gates and factors are asked of each member by itself (`member_factors.py`); of a year so far each is posted the
  difference of its share (`group_years.py`).
- As under a cap over all partners (`partner_pools.py`) each figure hangs on those of all: they are always computed for
  everybody, and a member's explanation and kit hold its own sum and those of the whole group. Where fewer than four
  partners of a group bought anything they hold its own sum and share only. The two give the factor, and with the policy
  an idea of the group's figure: that cannot be hidden while the share is the group's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rebates import collection, group_years, linked_sql, member_factors, partner_pools, traits
from rebates.plans import Plan
from rebates.sums import Sums

WITHHELD = json.dumps({"rule": "withheld", "grouped": {"withheld": True}})
# The same until the period before is settled, see `group_years.py`.
EARLY = json.dumps({"rule": "withheld", "grouped": {"withheld": True, "early": True}})
# What is a member's own, and told where the group's sums are not.
OWN_NOTES = ("payout", "cumulative", "gates", "factors", "collection", "net_of")
NOBODY_ASKS = (
    "tiers",
    "types",
    "regions",
    "chosen",
    "certificates",
    "gates",
)  # of a group: its members were asked
# Whether a partner is one of those that a policy is for.
FITS = """(plan.tiers IS NULL OR plan.tier = ANY(plan.tiers))
          AND (plan.types IS NULL OR plan.type = ANY(plan.types))"""


@dataclass(frozen=True)
class Before:
    """What earlier programmes pay each: SELECT of partner_id, amount and `paid`, the amounts of `count` of them in an
    array. `plans` are these and what they are net of themselves.
    """

    text: str
    count: int
    plans: Sequence[Plan]


@dataclass(frozen=True)
class Source:
    """The sums of one programme that pays groups, by partner, and the words for reading them; see `Sums.based`."""

    sums: Sums
    relation: str
    members: str
    member: Sequence[str]
    plan_row: str
    plan_columns: str
    asked: member_factors.Asked
    params: dict[str, Any]
    before: Before | None = None  # where it is net of others

    @property
    def plan(self) -> Plan:
        """The one programme: whoever pays groups is read by itself."""
        return self.sums.plans[0]

    @property
    def names(self) -> list[str]:
        return ["partner_id", *self.member, *self.plan_columns.split(", "), *self.sums.figures, "lines"]

    def based(self, relation: str, members: str) -> str:
        return self.sums.based(relation, members, self.member, [self.plan_row], self.plan_columns)

    def own(self) -> tuple[str, list[str]]:
        """The members' own rows of `based`, with what they hold; what earlier programmes pay each is taken off."""
        based = self.based(self.relation, self.members)
        if not self.before:
            return based, self.names
        paid = f"COALESCE(before.amount, 0){' * based.paid_on_in' if self.sums.converts else ''}"
        less = linked_sql.less_of("based.payable", paid)
        columns = ", ".join(
            f"based.payable - ({less}) AS payable" if name == "payable" else f"based.{name}"
            for name in self.names
        )
        joined = f"({based}) based LEFT JOIN before ON before.partner_id = based.partner_id"
        return f"SELECT {columns}, {less} AS less, before.paid FROM {joined}", [*self.names, "less", "paid"]

    def taking_part(self) -> str:
        """The partners that belong to a group, and to which: all to one, or each to that of its topmost partner."""
        asks = traits.TAKES_PART if "region" in self.member else ""
        group = "COALESCE(plan.family, plan.partner_id)" if "family" in self.member else "0::bigint"
        taking = (
            f"SELECT plan.partner_id, {group} AS head FROM (SELECT member.*, asked.* FROM {self.members} member"
            f" CROSS JOIN (VALUES ({self.plan_row})) asked({self.plan_columns})) plan WHERE {FITS} {asks}"
        )
        return group_years.known(taking, [self.plan, *(self.before.plans if self.before else ())])

    def as_one(self) -> str:
        """What stands for `relation`, the members of a group being one partner."""
        members = f"FROM {self.relation} own JOIN taking ON taking.partner_id = own.partner_id"
        if not self.sums.side_by_side:
            quantity = ", own.quantity" if self.sums.units else ""
            return f"(SELECT taking.head AS partner_id, own.cell, own.amount, own.lines{quantity} {members})"
        columns = ["taking.head AS partner_id"]
        columns += [f"sum(own.{kind}{cell}) AS {kind}{cell}" for kind, cell in self.sums.used]
        return f"(SELECT {', '.join(columns)} {members} GROUP BY taking.head)"

    def based_as_one(self) -> str:
        """The groups' own rows of `based`, of which nobody asks who takes part."""
        kinds = {"figures": "jsonb", "family": "bigint"}
        nobody = ", ".join(f"NULL::{kinds.get(name, 'text')} AS {name}" for name in self.member)
        texts = {name: f"CASE WHEN false THEN plan.{name} END AS {name}" for name in NOBODY_ASKS}
        lowered = ""
        if self.before:  # a cap holds for what is left
            left = "plan.payable - COALESCE(lowered.less, 0)"
            texts |= {"payable": f"{left} AS payable", "base": f"least({left}, plan.most_base) AS base"}
            lowered = (
                " LEFT JOIN (SELECT head, sum(less) AS less FROM own GROUP BY head) lowered"
                " ON lowered.head = plan.partner_id"
            )
        columns = ", ".join(texts.get(name, f"plan.{name}") for name in self.names)
        groups = f"(SELECT DISTINCT head AS partner_id, {nobody} FROM taking)"
        return f"SELECT {columns} FROM ({self.based(self.as_one(), groups)}) plan{lowered}"


def noted(converts: bool) -> str:
    """What the explanation of a group's row adds: the sums from which its figure is computed, in parts; and what counts
    and is paid on before caps and increments, in the currency itself.
    """
    counted, paid_on, payable = (
        ("plan.counted_in", "plan.paid_on_in", "plan.payable_in") if converts else ("1",) * 3
    )
    sums = {
        "qualifier": "trim_scale(plan.qualifier)", "base": "trim_scale(plan.base)",
        "reference": "trim_scale(plan.reference)", "counted_in": f"({counted})", "paid_on_in": f"({paid_on})",
        "counted": f"trim_scale({_in_currency('plan.counted', counted, converts)})",
        "payable": f"trim_scale({_in_currency('plan.payable', payable, converts)})",
    }  # fmt: skip
    pairs = ", ".join(f"'{name}', {text}::text" for name, text in sums.items())
    return f" || jsonb_build_object('grouped', jsonb_build_object({pairs}))"


def _in_currency(name: str, parts: str, converts: bool) -> str:
    return f"CASE WHEN {parts} = 1 THEN {name} ELSE round({name} / {parts}, 3) END" if converts else name


def shared_out(source: Source, settled: Callable[[str], str], *, digits: int) -> str:
    """The figures of the members: their group's, which `settled` makes of its row, shared out."""
    scale, asks = f"10.0 ^ {digits}", member_factors.matter([source.plan])
    said = (
        "'figure', whole.earned::text, 'sum', trim_scale(shared.weights)::text,"
        f" 'parts', ({'shared.payable_in' if source.sums.converts else '1'})::text"
    )
    if asks:
        said += member_factors.told([source.plan])
    if source.plan.cumulative and _tells_reference(source.plan):
        own = _own_sum("shared", "reference", source.sums.converts)
        said += f", 'own_reference', round({own}, 3)::text"
    early = group_years.is_early(source.plan, source.sums.scope)
    hidden = f"NOT crew.is_alone AND (crew.few OR {early})"
    before = f"before AS MATERIALIZED ({source.before.text}), " if source.before else ""
    return f"""
        WITH {before}taking AS MATERIALIZED ({source.taking_part()}),
        own AS MATERIALIZED ({_own(source)}), sided AS MATERIALIZED ({_sided(source.asked)}),
        weighing AS ({_WEIGHING}),
        whole AS MATERIALIZED ({settled(_with_weights(source) if asks else source.based_as_one())}),
        crew AS (
            SELECT head, bool_and(is_alone) AS is_alone,
                   {_few(source)}{f" OR {member_factors.few()}" if asks else ""}
                   OR head IN ({_told_before(source, asks)}) AS few
            FROM sided JOIN (SELECT head, count(*) = 1 AS is_alone FROM taking GROUP BY head) size USING (head)
            GROUP BY head
        )
        SELECT shared.no AS plan, shared.programme_id, shared.version_id, shared.partner_id, shared.starts,
               shared.ends, shared.currency, shared.tier, shared.own_counted AS qualifier,
               shared.own_payable AS base, NULL::numeric AS reference,
               CASE WHEN {hidden} THEN 0 ELSE whole.band END AS band, shared.lines,
               round(COALESCE(sign(whole.earned) * (units + CASE WHEN rank <= abs(whole.earned) * {scale} - all_units
                              THEN 1 ELSE 0 END) / {scale}, 0), {digits}) AS earned,
               CASE WHEN {hidden} THEN CASE WHEN crew.few THEN '{WITHHELD}' ELSE '{EARLY}' END::jsonb
                    ELSE whole.explanation - 'counted' - 'payable' || jsonb_build_object('grouped',
                         whole.explanation -> 'grouped' || jsonb_build_object({said})) END
               || shared.asked{_less_told(source)} AS explanation
        FROM ({_shared(source, scale)}) shared
        JOIN whole ON whole.partner_id = shared.head JOIN crew USING (head) ORDER BY shared.partner_id"""


def _own(source: Source) -> str:
    """The members' own rows, with what each is asked."""
    asked, (based, names) = source.asked, source.own()
    if member_factors.collects([source.plan]):
        based = collection.joined(based, names, source.sums, source.params)
    return (
        f"SELECT plan.*, taking.head, {asked.factor} AS factor, {asked.product} AS product, {asked.said} AS asked"
        f" FROM ({based}) plan"
        f" JOIN taking ON taking.partner_id = plan.partner_id {asked.laterals}"
    )


def _sided(asked: member_factors.Asked) -> str:
    """The same with what each weighs: its sum, where that lies on the group's side of zero; what of that counts; and
    how many have its factor.
    """
    return f"""
            SELECT weighed.*, {asked.counts} AS counts, {member_factors.ALIKE} FROM (
                SELECT own.*, side.below,
                       greatest(CASE WHEN side.below THEN -1 ELSE 1 END * own.payable, 0) AS weight
                FROM own JOIN (SELECT head, sum(payable) < 0 AS below FROM own GROUP BY head) side USING (head)
            ) weighed"""


# By what a group's figure is shared, and what of that counts; below zero where the group's sum is.
_WEIGHING = """
            SELECT head, CASE WHEN below THEN -1 ELSE 1 END * sum(weight) AS weights,
                   CASE WHEN below THEN -1 ELSE 1 END * sum(counts) AS counting
            FROM sided GROUP BY head, below"""


def _with_weights(source: Source) -> str:
    """The groups' own rows, with the sums of `weighing`."""
    return (
        f"SELECT one.*, weighing.weights, weighing.counting FROM ({source.based_as_one()}) one"
        " LEFT JOIN weighing ON weighing.head = one.partner_id"
    )


def _less_told(source: Source) -> str:
    """What the explanation of a member says of what earlier programmes take off its own paid base."""
    if not source.before:
        return ""
    less = _own_sum("shared", "less", source.sums.converts)
    said = f"jsonb_build_object('codes', shared.net_of, 'less', ({less})::text)"
    return f" || jsonb_build_object('net_of', {said})"


def _few(source: Source) -> str:
    """Whether so few members stand behind a sum of the group, or behind the difference of two, that it would tell one's
    figure to another. Told are what counts, what is paid on, what of that shares the figure, and a baseline or a total;
    what others take off is the difference to a group that is not net of one of them.
    """
    sums = source.sums
    least = partner_pools.LEAST_MEMBERS
    above, below = (f"count(*) FILTER (WHERE payable {side} 0)" for side in "><")
    behind = [
        "count(*) FILTER (WHERE counted <> 0)",
        f"CASE WHEN sum(payable) < 0 THEN {below} ELSE {above} END",
    ]
    if any(plan.baseline for plan in sums.plans):
        behind.append(f"count(*) FILTER (WHERE {_has_baseline(sums.plans[0])})")
    apart = [
        f"CASE WHEN sum(payable) < 0 THEN {above} ELSE {below} END",
        "count(*) FILTER (WHERE counted <> payable)",
    ]
    if source.before:
        apart += [
            f"count(*) FILTER (WHERE paid[{place}] <> 0)" for place in range(1, source.before.count + 1)
        ]
    if any(plan.bands.share_of == "total" for plan in sums.plans):
        apart.append("count(*) FILTER (WHERE reference <> counted)")
    return " OR ".join(
        [*(f"{one} < {least}" for one in behind), *(f"{one} BETWEEN 1 AND {least - 1}" for one in apart)]
    )


def _has_baseline(plan: Plan) -> str:
    """Whether a member's own sales are part of the group's baseline: not what is stated for a new partner."""
    rules = plan.policy.get("baseline", {})
    new = f" AND reference <> {rules['amount']}::numeric * {plan.counted_in}" if "amount" in rules else ""
    return f"reference <> 0{new}"


def _told_before(source: Source, asks: bool) -> str:
    """Groups of which an earlier sum of the year, taken from this one, would tell of few."""
    names = [
        *("counted", "payable"),
        *(["reference"] if _tells_reference(source.plan) else []),
        *(["less"] if source.before else []),
    ]
    own = {name: _own_sum("sided", name, source.sums.converts) for name in names}
    return group_years.told_before(source.plan, source.sums.scope, own, asks=asks)


def _tells_reference(plan: Plan) -> bool:
    """Whether what the bands are shares of is a sum of what members buy or bought."""
    return plan.baseline is not None or plan.bands.share_of == "total"


def _own_sum(row: str, name: str, converts: bool) -> str:
    """What counts of a member, what it is paid on, what is taken off that, or its part of the reference, in the
    currency itself.
    """
    parts = "payable_in" if name in ("payable", "less") else "counted_in"
    return _in_currency(f"{row}.{name}", f"{row}.{parts}", converts)


def _shared(source: Source, scale: str) -> str:
    """The rows of `sided` with their sums in the currency itself, and what falls to each in whole minor units."""
    counted, payable = (_own_sum("sided", name, source.sums.converts) for name in ("counted", "payable"))
    units, rest = member_factors.parted(
        [source.plan], f"abs(earned) * {scale}", "own_weight", "abs(all_weights)"
    )
    return f"""
            SELECT divided.*, sum(units) OVER (PARTITION BY head) AS all_units,
                   row_number() OVER (PARTITION BY head ORDER BY rest DESC NULLS LAST, number COLLATE "C") AS rank
            FROM (
                SELECT summed.*, {units} AS units, {rest} AS rest FROM (
                    SELECT sided.*, {counted} AS own_counted, {payable} AS own_payable, partner.number,
                           whole.earned, weighing.weights, weighing.counting,
                           CASE WHEN whole.earned > 0 THEN sided.counts ELSE sided.weight END AS own_weight,
                           CASE WHEN whole.earned > 0 THEN weighing.counting ELSE weighing.weights END AS all_weights
                    FROM sided JOIN weighing USING (head) JOIN whole ON whole.partner_id = sided.head
                    JOIN partners_partner partner ON partner.id = sided.partner_id
                ) summed
            ) divided"""
