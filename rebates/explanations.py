"""Why a figure is what it is: clause, band, base, arithmetic, and the very lines behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from prm.ui import formats
from prm.values import clock
from rebates import (
    arithmetic,
    currency_words,
    formula,
    group_words,
    limit_words,
    linked_steps,
    measured,
    mechanism_words,
    next_step,
    tier_days,
    ties,
    time_words,
    wording,
)
from rebates.accruals import Accrual
from rebates.currencies import is_converted, is_exchanged, is_gross, needs_rates
from rebates.explained_lines import plan_of
from rebates.explained_steps import put_in, share_reached
from rebates.explained_sums import sums
from rebates.line_rounding import by_line
from rebates.measure_factors import factors_of
from rebates.mechanisms import bands_of
from rebates.minimums import kept_behind
from rebates.models import Result, RunMember
from rebates.partner_pools import hanging_in
from rebates.serials import by_serial
from rebates.steps import Figure, Step, as_it_concerns_its_partner, computed_of, measured_of

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Explanation:
    """All that stands behind a figure; the same for staff and partner."""

    result: Figure
    clause: str
    sentence: str
    steps: list[Step]
    parts: list[arithmetic.Part]
    raw: Decimal
    rounded: Decimal
    units: bool
    to_next_band: Decimal | None
    one_more: tuple[Decimal, Decimal] | None = None
    gross: bool = False  # whether gross amounts count
    exchanged: bool = False  # whether lines of several currencies count
    paid_in: str = ""  # where the payout is in another currency than the measure
    base: Decimal = ZERO  # what the arithmetic is about, capped: the group's, where the partners are one
    share: Decimal | None = None  # of the group's figure
    withheld: bool = False  # whether the group's sums are not told
    put_in: str = ""  # what a formula read
    missing: str = ""  # to the next full step, complete set or share, in words

    @property
    def gap(self) -> str:
        """What is missing to the next band, in words; empty where nothing is."""
        return next_step.gap_in_words(self.result.version.policy, self.to_next_band)

    @property
    def shares(self) -> bool:
        """Whether the bands are read from a share: of a baseline, a target, or all that counts."""
        return bool(bands_of(self.result.version.policy).share_of)

    @property
    def limits(self) -> list[Step]:
        """The steps that stand between the arithmetic of the bands and what it comes to."""
        own = [step for step in self.steps if step.number in (4, 7, 8)]
        return [*linked_steps.net_of_own(self.result), *own, *_share(self.result)]

    @property
    def before_bands(self) -> list[Step]:
        """What lowers the figures before the bands are asked."""
        return [step for step in self.steps if step.number == 4]

    @property
    def after_bands(self) -> list[Step]:
        """What stands between the figure of the bands and what is paid: gates, factors, collection, returns, caps, and
        where only the best of several pays also the rounding before that."""
        shown = (7, 8, 9) if "best" in self.result.explanation else (7, 8)
        return [step for step in self.steps if step.number in shown]

    @property
    def reached(self) -> str:
        """What stands beside the rounded figure: the band, where the policy has any."""
        by_group = self.share is not None
        return mechanism_words.reached(self.result.version.policy, self.result.band, by_group=by_group)

    @property
    def is_banded(self) -> bool:
        return mechanism_words.is_banded(self.result.version.policy)

    @property
    def per_piece(self) -> bool:
        """Whether an amount is paid for each unit, set or full step, so that the rate is money."""
        bands = bands_of(self.result.version.policy)
        return bands.pays_units or bands.counts_increments

    @property
    def counts_pieces(self) -> bool:
        """Whether the base is a number of units, sets or serial numbers."""
        bands = bands_of(self.result.version.policy)
        return bands.pays_units or bands.counts_sets

    @property
    def counts_serials(self) -> bool:
        return by_serial(self.result.version.policy)

    @property
    def running_head(self) -> str:
        """What stands above the sum of the lines so far."""
        if bands_of(self.result.version.policy).counts_sets:
            return _("Sets so far")
        return _("Serial numbers so far") if self.counts_serials else _("Running base")

    @property
    def exact_ones(self) -> list[tuple[str, Decimal]]:
        """The figures that are shown rounded, with all their decimals."""
        named = [(step.title, step.value) for step in self.steps if step.value is not None]
        named += [(_("The arithmetic"), one) for part in self.parts for one in (part.base, part.amount)]
        found: dict[str, tuple[str, Decimal]] = {}
        for title, value in named:
            if formats.is_long(value):
                found.setdefault(formats.all_digits(value), (title, value))
        return list(found.values())

    @property
    def hangs_on_all(self) -> bool:
        """Whether the figure hangs on those of all partners."""
        return self.result.version.programme_id in hanging_in(self.result.period)

    @property
    def is_open(self) -> bool:
        """Whether the period still runs."""
        return self.result.kind == Accrual.kind and clock.today() < self.result.ends


def explain(result: Figure) -> Explanation:
    """Open a figure. The caller loaded it through `visible_to`, or as an accrual of its own actor."""
    result = as_it_concerns_its_partner(result)
    policy, version = result.version.policy, result.version
    bands = bands_of(policy)
    figures = arithmetic.Figures.of(result)
    notes = result.explanation
    withheld = group_words.is_withheld(result)
    raw = arithmetic.shown(arithmetic.from_notes(notes, bands, figures))
    known = {"line_sum", "formula"} & notes.keys() or "counting" in notes.get("grouped", {})
    raw = Decimal(raw if known else notes.get("raw", raw)).normalize()
    extra = Decimal(1 if bands.pays_units else 10_000)
    return Explanation(
        result=result,
        clause=policy.get("clause", ""),
        sentence=wording.joined([wording.sentence(version), *ties.sentences_in(version, result.period)]),
        steps=_steps(result, raw),
        parts=[] if withheld else arithmetic.parts(bands, figures),
        raw=raw,
        rounded=computed_of(result),
        base=figures.base,
        share=measured_of(result) if "grouped" in notes else None,
        withheld=withheld,
        put_in=put_in(result),
        missing=next_step.missing(result),
        units=bands.pays_units,
        to_next_band=None if withheld else arithmetic.to_next_band(policy, figures),
        one_more=None
        if bands.counts_increments or _hangs_on_others(result) or _is_fine(policy)
        else (extra, arithmetic.one_more(policy, figures, extra=extra)),
        gross=is_gross(policy),
        exchanged=is_exchanged(policy),
        paid_in=version.paid_in if version.paid_in != version.currency else "",
    )


def _is_fine(policy: dict[str, Any]) -> bool:
    """Whether a figure hangs on more than its sums tell: on each line's rate, tax or rounding, or a formula."""
    return needs_rates(policy) or is_converted(policy) or by_line(policy) or formula.by_formula(policy)


def _steps(result: Figure, raw: Decimal) -> list[Step]:
    policy, notes = result.version.policy, result.explanation
    figures = arithmetic.Figures.of(result)
    counted, payable = Decimal(notes.get("counted", figures.qualifier)), figures.base
    payable += linked_steps.less(result)
    if bands_of(policy).increment is None:
        payable = Decimal(notes.get("payable", payable))  # before a cap lowered it, and other programmes
    steps = [
        Step(1, _("Lines"), _lines(result)),
        Step(2, _("Currency and tax"), currency_words.step(policy)),
        *sums(result, counted, payable),
        *(_own_gates_and_factors(result) if "grouped" in notes else []),
        *([] if group_words.is_withheld(result) else _computed(result, raw)),
        *_share(result),
        *linked_steps.best_of(result),
        *_year(result),
        *_payout(result),
        *_minimum(result),
    ]  # fmt: skip
    steps[1:1] = [
        *(Step(1, _("Credited sales"), text) for text in wording.whose_sales(policy)),
        *(Step(1, _("Year"), text) for text in time_words.year(policy)),
        *_taking_part(result),
        *(Step(1, _("Returns"), text) for text in time_words.returns(policy)),
    ]
    steps += _adjusted(result)
    return steps


def _computed(result: Figure, raw: Decimal) -> list[Step]:
    """From the band to the rounded figure."""
    policy, notes = result.version.policy, result.explanation
    bands = bands_of(policy)
    exact = arithmetic.from_notes(notes, bands, arithmetic.Figures.of(result))
    behind = arithmetic.through_gates(notes, exact)
    collected = arithmetic.by_collection(notes, arithmetic.by_measures(notes, behind))
    asked = [
        *_gates(result, raw),
        *_factors(result, behind),
        *_collection(result, arithmetic.shown(collected)),
    ]
    if "grouped" in notes:  # each member is asked for its own part
        collected = arithmetic.by_members(notes, exact)
        asked = group_words.of_members(result, collected)
    with_returns = arithmetic.taken_back(notes, collected)
    return [
        *([] if "grouped" in notes else linked_steps.net_of(result)),  # of a member its own base was lowered
        *_capped_measure(result),
        *_band(result),
        Step(6, _("Rebate"), _paid(result), raw),
        *asked,
        *_taken_back(result, arithmetic.shown(with_returns)),
        *_capped_payout(result, arithmetic.shown(arithmetic.limited(bands, with_returns))),
        *linked_steps.shared_cap(result),
        *linked_steps.pooled(result),
        *_rounding(result),
    ]


def _rounding(result: Figure) -> list[Step]:
    """Nothing where a cap that is shared was reached: its parts come to the cent by largest remainder."""
    if linked_steps.shares_a_cap(result):
        return []
    return [
        Step(9, _("Rounding"), wording.rounding(result.version.policy), linked_steps.before_the_best(result))
    ]


def _paid(result: Figure) -> str:
    """What the mechanism pays; of a formula with what was put in."""
    words, read = mechanism_words.mechanism(result.version.policy), put_in(result)
    return _("%(formula)s; put in: %(values)s") % {"formula": words, "values": read} if read else words


def _share(result: Figure) -> list[Step]:
    """A member's share of its group's figure: own sum, pool and factor, nothing of any other partner."""
    group = group_words.group_of(result)
    if group is None and not group_words.is_withheld(result):
        return []
    value = measured_of(result)
    return [Step(9, _("Share of the group's figure"), group_words.share(result, group, value), value)]


def _lines(result: Figure) -> str:
    return time_words.days_of_lines(
        result.version.policy, result.line_count, plan_of(result).counted, live=result.kind == Accrual.kind
    )


def _adjusted(result: Figure) -> list[Step]:
    """What was settled of a closed period before, and the difference; a year says that of itself."""
    if not isinstance(result, Result) or result.kind != Result.Kind.ADJUSTED:
        return []
    if "cumulative" in result.explanation:
        return []
    return [
        Step(9, _("Settled before"), _("Earned and adjusted for this period until now"), result.settled),
        Step(9, _("Adjustment"), _("Computed from all lines, less what was settled"), result.adjusted),
    ]


def _band(result: Figure) -> list[Step]:
    """The band reached, where there are any, or what a formula read."""
    policy, said = result.version.policy, result.explanation.get("formula")
    if said is None and not mechanism_words.is_banded(policy):
        return []
    if said is None:
        title = pgettext("of a band", "Rate") if "points" in policy["mechanism"] else _("Band")
        words = mechanism_words.band(policy, result.band, arithmetic.Figures.of(result).base)
        return [*share_reached(result), Step(5, title, words)]
    names = formula.measures_of(policy)
    return [
        Step(5, limit_words.measure_name(names.get(name, name)), name, Decimal(number))
        for name, number in said["read"].items()
    ]


def _taking_part(result: Figure) -> list[Step]:
    """The tier that counted and on which day, and what else the policy asks of whoever takes part."""
    policy, steps = result.version.policy, []
    if tier_days.by_line(policy):
        names = wording.tier_names(tier_days.by_line(policy))
        tiers = ", ".join(names[code] for code in tier_days.by_line(policy))
        text = _("Lines booked while the partner was one of: %(tiers)s") % {"tiers": tiers}
        steps.append(Step(1, _("Tier"), text))
    elif result.tier:
        tier, last = wording.tier(result.tier), formats.day(result.tier_day)
        steps.append(
            Step(1, _("Tier"), formats.filled(_("%(tier)s on %(last)s"), {"tier": tier, "last": last}))
        )
    if {"regions", "certificates", "partners"} & policy.get("who", {}).keys():
        steps.append(Step(1, _("Takes part"), _took_part(result)))
    return steps


def _capped_measure(result: Figure) -> list[Step]:
    """What counts and what is paid on after the cap on the measure, where there is one."""
    policy, figures = result.version.policy, arithmetic.Figures.of(result)
    found = []
    for cap in policy.get("caps", []):
        if cap["on"] == "measure":
            words, of = limit_words.cap_on_measure(policy, cap), cap.get("of", "both")
            if of != "base":
                found.append(Step(4, _("Qualifier, capped"), words, figures.qualifier))
            if of != "qualifier":
                found.append(Step(4, _("Paid base, capped"), words, figures.base))
    return found


def _capped_payout(result: Figure, value: Decimal) -> list[Step]:
    policy = result.version.policy
    caps = [cap for cap in policy.get("caps", []) if limit_words.is_own_cap(cap)]
    return [Step(8, _("Cap on the payout"), limit_words.cap_on_payout(policy, cap), value) for cap in caps]


def _hangs_on_others(result: Figure) -> bool:
    """Whether other programmes of the partner move this figure, or a gate that one more order does not open."""
    barred = not arithmetic.gates_are_met(result.explanation)
    return barred or bool(
        {"shared", "pooled", "grouped", "best", "net_of", "collection", "returned", "factors"}
        & result.explanation.keys()
    )


def _own_gates_and_factors(result: Figure) -> list[Step]:
    """Of a member of a group what was asked of it by itself: its part counts by that."""
    asked = (*_gates(result, ZERO), *_factors(result, Fraction(0)), *_collection(result, ZERO))
    return [replace(step, value=None) for step in asked]


def _factors(result: Figure, value: Fraction) -> list[Step]:
    """What each factor by a measure found, and what the figure is behind it."""
    found = []
    for said, factor in zip(
        result.explanation.get("factors", []), factors_of(result.version.policy), strict=False
    ):
        value = value * Fraction(said["factor"]) if value > 0 else value
        words = limit_words.factor_found(factor, Decimal(said["found"]), said["factor"])
        behind = measured.address(result, factor["code"])
        found.append(Step(7, _("Factor"), words, arithmetic.shown(value), behind))
    return found


def _collection(result: Figure, value: Decimal) -> list[Step]:
    """How much of what was invoiced counts by the days until it was paid."""
    said = result.explanation.get("collection")
    if not said:
        return []
    bands, currency = bands_of(result.version.policy), result.version.currency

    def shown(number: str) -> str:
        amount = Decimal(number)
        units = bands.pays_units and not bands.counts_sets
        return formats.number(amount, None) if units else formats.money(round(amount, 2), currency)

    words = _("%(collected)s of the %(due)s invoiced count: %(rule)s") % {
        "collected": shown(said["collected"]), "due": shown(said["due"]),
        "rule": limit_words.collection_steps(result.version.policy),
    }  # fmt: skip
    return [Step(7, _("Collection factor"), words, value)]


def _taken_back(result: Figure, value: Decimal) -> list[Step]:
    """What returns of earlier periods' sales take back."""
    said = result.explanation.get("returned")
    if not said:
        return []
    return [
        Step(7, _("Returns at the original rate"), time_words.taken_back(result.version.policy, said), value)
    ]


def _took_part(result: Figure) -> str:
    """Who takes part, and where the partner was when the run was frozen."""
    words, kept = wording.who(result.version.policy), None
    if isinstance(result, Result):
        kept = RunMember.objects.for_everyone(because="the result names the partner").filter(
            run__ends=result.ends, partner_id=result.partner_id
        ).first()  # fmt: skip
    if kept is None or not kept.region:
        return words
    return _("%(who)s; this one in %(region)s when it was computed") % {"who": words, "region": kept.region}


def _gates(result: Figure, raw: Decimal) -> list[Step]:
    """What each gate asked and found, and what the figure is behind it."""
    found, value = [], raw
    for said in result.explanation.get("gates", []):
        value = value if said["passed"] else min(value, Decimal(0))
        words = {
            "asked": limit_words.gate(said),
            "found": limit_words.figure(said["code"], Decimal(said["found"])),
        }
        text = _("%(asked)s: %(found)s, met") if said["passed"] else _("%(asked)s: %(found)s, not met")
        found.append(Step(7, _("Gate"), text % words, value, measured.address(result, said["code"])))
    return found


def _payout(result: Figure) -> list[Step]:
    said = result.explanation.get("payout")
    if not said:
        return []
    words = currency_words.payout(Decimal(said["measured"]), result.version.policy, said["rates"])
    name = _("Payout in %(currency)s") % {"currency": result.currency}
    return [
        Step(
            10, name, words, result.computed - result.settled if isinstance(result, Result) else result.amount
        )
    ]


def _year(result: Figure) -> list[Step]:
    """Of a cumulative programme: what the year posted before, and the difference."""
    said = result.explanation.get("cumulative")
    if not said:
        return []
    before = Decimal(said["before"])
    words = _("Earned and adjusted since %(day)s until now") % {
        "day": formats.day(date.fromisoformat(said["first"]))
    }
    return [
        Step(9, _("Settled before in this year"), words, before),
        Step(
            9,
            _("Difference"),
            _("The year so far, less what was settled of it"),
            measured_of(result) - before,
        ),
    ]


def _minimum(result: Figure) -> list[Step]:
    """What of the figure is paid and what waits, once the statement that says so is out."""
    policy = result.version.policy
    if "minimum_payout" not in policy:
        return []
    kept = kept_behind(result) if isinstance(result, Result) else None
    if kept is None:
        return [Step(11, _("Minimum payout"), limit_words.minimum(policy))]
    words, value = limit_words.kept(kept, result.currency), kept.now
    return [Step(11, _("Carried forward"), words, value)]
