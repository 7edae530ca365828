"""What no schema can say: parts of a policy that contradict each other, each as its place and a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django.utils.translation import gettext as _

from prm.values.errors import DomainError
from rebates import formula

# Mechanisms that pay for units.
BY_UNITS = ("per_unit", "per_unit_stepped", "spif")
Found = Iterator[tuple[tuple[str | int, ...], str]]


def contradictions(policy: dict[str, Any]) -> Found:
    """Of a normalised policy that the schema allows."""
    yield from _rising(policy["mechanism"])
    yield from _above_zero(policy["mechanism"])
    yield from _sets(policy)
    yield from _paid_above(policy)
    yield from _baseline(policy)
    yield from _caps(policy)
    yield from _stacking(policy)
    yield from _as_group(policy)
    if "budget" in policy and Decimal(policy["budget"]["amount"]) <= 0:
        yield ("budget", "amount"), _("This must be above zero.")
    yield from _minimum(policy)
    yield from _gates(policy)
    yield from _collection(policy)
    yield from _measure_factors(policy)
    yield from _cumulative(policy)
    yield from _line_by_line(policy)
    yield from _formula(policy["mechanism"])
    yield from _tax(policy)
    yield from _by_payment(policy)
    yield from _by_serial(policy)
    yield from _credited(policy)
    if policy.get("returns") == "at_original_rate" and policy["mechanism"]["kind"] == "bundle":
        yield (
            ("returns",),
            _(
                "A complete set has no base of its own. Let returns count on their own day or with their sale."
            ),
        )
    if policy.get("tier_on") == "line_date" and not policy.get("who", {}).get("tiers"):
        yield (
            ("tier_on",),
            _("Say which tiers take part: the tier on each line's booking date is one of them."),
        )
    if policy.get("joining") == "by_days" and policy["mechanism"]["kind"] != "target":
        yield ("joining",), _("Only a target is asked for by days.")


def _rising(mechanism: dict[str, Any]) -> Found:
    for rows, name in (("bands", "from"), ("points", "at")):
        bounds = [Decimal(row[name]) for row in mechanism.get(rows, [])]
        for index, (low, high) in enumerate(zip(bounds, bounds[1:], strict=False), start=1):
            if low >= high:
                yield ("mechanism", rows, index, name), _("Lower bounds must rise from band to band.")


def _above_zero(mechanism: dict[str, Any]) -> Found:
    for name in ("target", "increment"):
        if name in mechanism and Decimal(mechanism[name]) <= 0:
            yield ("mechanism", name), _("This must be above zero.")
    for number, target in mechanism.get("targets", {}).items():
        if Decimal(target) <= 0:
            yield (
                ("mechanism", "targets", number),
                _("The target of %(number)s must be above zero.") % {"number": number},
            )
    for index, part in enumerate(mechanism.get("parts", [])):
        if Decimal(part["quantity"]) <= 0:
            yield ("mechanism", "parts", index, "quantity"), _("This must be above zero.")


def _sets(policy: dict[str, Any]) -> Found:
    if policy["mechanism"]["kind"] != "bundle":
        return
    for index, part in enumerate(policy["mechanism"]["parts"]):
        if ("product" in part) == ("product_line" in part):
            yield ("mechanism", "parts", index), _("Name a product or a product line, not both.")
    for name in ("qualify", "pay"):
        if name in policy:
            yield (name,), _("The parts of the set say which sales count. Leave this out.")


def _paid_above(policy: dict[str, Any]) -> Found:
    """What is paid above a baseline or target must be the same sales that are held against it."""
    if policy["mechanism"].get("on") not in ("growth", "excess"):
        return
    if policy.get("pay", policy.get("qualify", {})) != policy.get("qualify", {}):
        yield ("pay",), _("Where only the part above is paid on, the sales paid on are those that count.")
    if policy.get("measure") == "quantity":
        yield ("measure",), _("Where only the part above is paid on, it is measured in money.")


def _baseline(policy: dict[str, Any]) -> Found:
    rules = policy.get("baseline")
    if rules is None:
        return
    if policy["mechanism"]["kind"] != "growth":
        yield ("baseline",), _("Only growth has a baseline.")
    wants = rules.get("kind") == "stated" or rules.get("new_partner") == "stated"
    if wants and "amount" not in rules:
        yield ("baseline", "amount"), _("Say how much the stated baseline is.")
    if not wants and "amount" in rules:
        yield ("baseline", "amount"), _("Nothing uses this amount. Leave it out, or state the baseline.")


def _caps(policy: dict[str, Any]) -> Found:
    seen: set[str] = set()
    for index, cap in enumerate(policy.get("caps", [])):
        place = ("caps", index)
        if Decimal(cap["amount"]) <= 0:
            yield (*place, "amount"), _("This must be above zero.")
        what = "shared" if cap["on"] == "payout" and "programmes" in cap else cap["on"]
        if cap["on"] == "payout" and cap.get("over") == "partners":
            what = "pooled"
            yield from _pooled(cap, place)
        if what in seen:
            yield (*place, "on"), _("A programme has at most one cap of each kind.")
        seen.add(what)
        if cap["on"] == "measure":
            for name in ("over", "programmes"):
                if name in cap:
                    yield (*place, name), _("Only a cap on the payout is shared. Leave this out.")
            yield from _cap_on_measure(policy, cap.get("of", "both"), (*place, "of"))
            continue
        if "of" in cap:
            yield (*place, "of"), _("Only a cap on the measure says this. Leave it out.")
        if not _is_whole(cap["amount"], policy["currency"]):
            yield (
                (*place, "amount"),
                _("A cap on the payout is an amount that can be paid: no parts of a cent."),
            )


def _pooled(cap: dict[str, Any], place: tuple[str | int, ...]) -> Found:
    if "programmes" in cap:
        yield (
            (*place, "programmes"),
            _("A cap over all partners is that of one programme. Leave the others out."),
        )


def _as_group(policy: dict[str, Any]) -> Found:
    """A group is computed as one partner: what is asked of each partner, or of each line, has no answer there."""
    if policy.get("who", {}).get("as") not in ("group", "family"):
        return
    rules = policy["mechanism"]
    if rules["kind"] == "bundle":
        words = _(
            "Parts that several members bought make sets on which none of them is paid: nothing would share the figure."
        )
        yield ("mechanism", "kind"), words
    if rules["kind"] == "spif" and rules.get("per", "serial") == "serial":
        words = _(
            "A serial number is one partner's: nothing of it is read from what all bought. Pay for units."
        )
        yield ("mechanism", "per"), words
    if rules["kind"] == "formula" and rules.get("measures"):
        words = _(
            "A group has no figure of its own: a formula for it reads what is paid on and what counts only."
        )
        yield ("mechanism", "measures"), words
    if rules.get("targets"):
        yield ("mechanism", "targets"), _("A group has one target. State it for all together.")
    if policy.get("joining") == "by_days":
        yield ("joining",), _("A group has one target: nobody's days change it.")
    if policy.get("stacking", {}).get("kind") == "best_of":
        words = _(
            "What the programmes beside it pay would hang on all partners too: a programme that takes partners as a"
            " group may be net of others, not the best of several."
        )
        yield ("stacking", "kind"), words
    for index, cap in enumerate(policy.get("caps", [])):
        if "programmes" in cap or cap.get("over") == "partners":
            words = _("A group has one cap on the payout, its own: it holds for all members together.")
            yield ("caps", index, "over"), words
    if policy.get("rounding", {}).get("on", "total") == "line":
        yield ("rounding", "on"), _("A group's figure is rounded once, before it is shared. Round the total.")
    if policy.get("returns") == "at_original_rate":
        words = _(
            "A group paid no rate to one partner. Let returns count on their own day or with their sale."
        )
        yield ("returns",), words


def _stacking(policy: dict[str, Any]) -> Found:
    stacking = policy.get("stacking", {})
    kind, mechanism = stacking.get("kind", "additive"), policy["mechanism"]
    if (kind == "additive") == bool(stacking.get("programmes")):
        words = _("Name the programmes that come earlier; a programme that only adds up names none.")
        yield ("stacking", "programmes"), words
    sharing = {code for cap in policy.get("caps", []) for code in cap.get("programmes", [])}
    both = sorted(sharing & set(stacking.get("programmes", [])))
    if kind == "net_of" and both:
        words = _(
            "%(programmes)s: it shares the cap and comes earlier. Programmes that share a cap are computed together,"
            " and none of them is net of another. Take it out of one of the two."
        )
        yield ("stacking", "programmes"), words % {"programmes": ", ".join(both)}
    if kind == "net_of":
        counts = mechanism["kind"] in (*BY_UNITS, "per_increment", "bundle")
        if counts or mechanism.get("on") in ("growth", "excess"):
            words = _("Only what is paid on a sum of money can be net of other programmes.")
            yield ("stacking", "kind"), words


def _collection(policy: dict[str, Any]) -> Found:
    factors = policy.get("factors", [])
    if [factor["kind"] for factor in factors].count("collection") > 1:
        yield ("factors",), _("A programme has at most one collection factor.")
    for index, factor in enumerate(factors):
        if factor["kind"] != "collection":
            continue
        steps, place = factor.get("steps", []), ("factors", index, "steps")
        if not steps:
            yield place, _("Say within how many days which share counts.")
        for row, (one, other) in enumerate(zip(steps, steps[1:], strict=False), start=1):
            if one["days"] >= other["days"]:
                yield (*place, row, "days"), _("Days must rise from step to step.")
            if Decimal(one["factor"]) < Decimal(other["factor"]):
                yield (*place, row, "factor"), _("Who pays later is not to get more.")
        if steps and Decimal(steps[-1]["factor"]) < 0:
            yield (*place, len(steps) - 1, "factor"), _("A share is not below zero.")


def _measure_factors(policy: dict[str, Any]) -> Found:
    seen: set[str] = set()
    for index, factor in enumerate(policy.get("factors", [])):
        if factor["kind"] != "measure":
            continue
        code, bands, place = factor.get("code", ""), factor.get("bands", []), ("factors", index)
        if not code:
            yield (*place, "code"), _("Say by which figure the factor goes.")
        elif code in seen:
            yield (*place, "code"), _("A factor goes by this figure already.")
        seen.add(code)
        if not bands:
            yield (*place, "bands"), _("Say from which figure on which share counts.")
        for row, band in enumerate(bands):
            if row and Decimal(bands[row - 1]["from"]) >= Decimal(band["from"]):
                yield (*place, "bands", row, "from"), _("Lower bounds must rise from band to band.")
            if Decimal(band["factor"]) < 0:
                yield (*place, "bands", row, "factor"), _("A share is not below zero.")


def _gates(policy: dict[str, Any]) -> Found:
    seen: set[str] = set()
    for index, gate in enumerate(policy.get("gates", [])):
        code = gate.get("code", "")
        if not code:
            yield ("gates", index, "code"), _("Say which certificate, score or figure the gate asks for.")
        elif code in seen:
            yield ("gates", index, "code"), _("A gate asks for this already.")
        seen.add(code)
        if "at_least" not in gate and gate["kind"] != "certificate":
            yield ("gates", index, "at_least"), _("Say how much the gate asks for at least.")
        elif Decimal(gate.get("at_least", 1)) <= 0:
            yield ("gates", index, "at_least"), _("This must be above zero.")


def _minimum(policy: dict[str, Any]) -> Found:
    if "minimum_payout" not in policy:
        return
    if Decimal(policy["minimum_payout"]) <= 0:
        yield ("minimum_payout",), _("This must be above zero.")
    elif not _is_whole(policy["minimum_payout"], policy.get("payout_currency", policy["currency"])):
        yield ("minimum_payout",), _("A minimum is an amount that can be paid: no parts of a cent.")


def _cumulative(policy: dict[str, Any]) -> Found:
    if not policy.get("cumulative"):
        return
    if policy["period"] == "year":
        words = _("A year is settled as a whole anyway. Settle each month or quarter, or leave this out.")
        yield ("cumulative",), words
    if policy["mechanism"]["kind"] == "growth" and policy.get("baseline", {}).get("kind", "prior_period") == (
        "prior_period"
    ):
        words = _("The year so far has no period before it. Measure against the same days a year before.")
        yield ("baseline", "kind"), words


def _formula(mechanism: dict[str, Any]) -> Found:
    if mechanism["kind"] != "formula":
        return
    codes = mechanism.get("measures", [])
    names = [formula.name_of(code) for code in codes]
    for name in names:
        if name in formula.OWN or names.count(name) > 1:
            words = _("Two figures would both be called %(name)s.") % {"name": name}
            yield ("mechanism", "measures"), words
            return
    try:
        formula.parsed({"mechanism": mechanism})
    except DomainError as problem:
        yield ("mechanism", "expression"), str(problem)


def _by_serial(policy: dict[str, Any]) -> Found:
    """A serial that comes back is worth what was paid for it anyway, whatever the period."""
    rules = policy["mechanism"]
    by_serial = rules["kind"] == "spif" and rules.get("per", "serial") == "serial"
    if by_serial and policy.get("returns") == "at_original_rate":
        words = _(
            "A serial number takes back what it was paid. Let returns count on their own day or with their sale."
        )
        yield ("returns",), words


def _by_payment(policy: dict[str, Any]) -> Found:
    """A payment may be entered, or taken back, at any time: with it sales of long ago come and go."""
    if policy.get("date_basis") != "payment":
        return
    if policy["mechanism"]["kind"] == "growth" and policy.get("baseline", {}).get("kind") != "stated":
        words = _(
            "A payment may be entered later: sales of before that count by payments are no baseline. State it."
        )
        yield ("date_basis",), words
    if policy.get("cumulative"):
        words = _("A payment may be taken back: settle each period by itself, or count by another day.")
        yield ("date_basis",), words


def _credited(policy: dict[str, Any]) -> Found:
    """What is known of a sale and not of a share of it."""
    if policy.get("counts") != "credited":
        return
    if policy["mechanism"]["kind"] == "spif" and policy["mechanism"].get("per", "serial") == "serial":
        words = _(
            "A serial number is not credited in shares. Pay for each unit of what agents are credited with."
        )
        yield ("mechanism", "per"), words
    if policy.get("returns") == "at_original_rate":
        words = _(
            "Credits of agents are not taken back at the original rate. Let returns count on their own day or with"
            " their sale."
        )
        yield ("returns",), words


def _tax(policy: dict[str, Any]) -> Found:
    if "tax_rate" not in policy:
        return
    if policy.get("amount_basis", "net") != "gross":
        yield ("tax_rate",), _("Only from gross amounts is tax taken out. Leave this out.")
    if not 0 <= Decimal(policy["tax_rate"]) <= 1:
        yield ("tax_rate",), _("A tax rate is from 0 % to 100 %.")


def _line_by_line(policy: dict[str, Any]) -> Found:
    """Where each line is rounded, each line's own part of the figure must be known."""
    if policy.get("rounding", {}).get("on", "total") != "line":
        return
    place = ("rounding", "on")
    if policy["mechanism"]["kind"] not in ("flat", "per_unit", "retroactive"):
        words = _(
            "Only a flat rate, an amount for each unit and a retroactive rate are known line by line. Round the total."
        )
        yield place, words
    if any(cap["on"] == "measure" and cap.get("of", "both") != "qualifier" for cap in policy.get("caps", [])):
        yield place, _("Of a capped base no line has a part of its own. Round the total, or cap the payout.")
    if policy.get("stacking", {}).get("kind") == "net_of":
        words = _("Of a base that is net of other programmes no line has a part of its own. Round the total.")
        yield place, words
    if policy.get("cumulative"):
        yield place, _("What a year has come to so far is no sum of lines of a period. Round the total.")
    if policy.get("returns") == "at_original_rate":
        words = _("What returns take back at the original rate is no part of a line. Round the total.")
        yield place, words


def _cap_on_measure(policy: dict[str, Any], of: str, place: tuple[str | int, ...]) -> Found:
    kind = policy["mechanism"]["kind"]
    by_quantity = policy.get("measure") == "quantity"
    if kind == "bundle":
        yield place, _("Complete sets are counted, not summed. Cap the payout instead.")
    elif kind == "mix" and of != "base":
        yield place, _("In a mix only what is paid on can be capped: the share is that of all sales.")
    elif policy["mechanism"].get("on") in ("growth", "excess") and of != "both":
        yield place, _("Where only the part above is paid on, the cap is on what counts and what is paid on.")
    elif of == "both" and by_quantity and kind not in (*BY_UNITS, "per_increment"):
        yield place, _("Units count and money is paid on: say which of the two the cap is on.")


def _is_whole(amount: str, currency: str) -> bool:
    """Whether an amount can be paid in the currency's minor unit."""
    try:
        digits = get_currency_precision(currency)
    except ValueError:  # no currency: said elsewhere
        return True
    return Decimal(amount) == round(Decimal(amount), digits)
