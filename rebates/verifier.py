"""Rebates computed slowly and plainly, line by line, on exact fractions: a second opinion on a statement.

Shares no code with the product and needs only Python's standard library. In a recompute kit it stands as `verify.py`
beside `kit.json`, `lines.csv` and `payments.csv`:

    python3 verify.py [FOLDER]

prints each figure of the statement beside what it comes to here, and the digest of its data. Exit status 0 when all
agrees, 1 when something differs, 2 when the files cannot be read. The product's own tests hold the engine to it.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from rebates.verifier_days import dated, day_or_none, serials_of, with_serials
from rebates.verifier_formula import (
    formula,
)
from rebates.verifier_terms import (
    Rates,
    Receipt,
    by_measures,
    collected,
    counted,
    counted_from,
    days_before,
    exchanged,
    in_tier,
    keep_to,
    kept_back,
    line_by_line,
    matches,
    measured,
    most_paid,
    only_the_best,
    paid_for,
    pays_units,
    placed,
    rates_of,
    read_receipts,
    rounded,
    share_of_days,
    share_of_pool,
    taken_back,
    takes_part,
    through_gates,
    without_tax,
)


@dataclass(frozen=True)
class Line:
    product_line: str
    day: date
    amount: Fraction
    quantity: Fraction
    currency: str = "CNY"
    recorded: date = date(2026, 1, 1)
    after_close: bool = False
    product: str = ""
    document: str = ""
    origin: Line | None = None  # of a return: the line that it reverses
    sold_in: str = ""  # of a line that was converted
    back: bool = False  # it takes something away, whatever its amount says
    gross: Fraction | None = None  # with tax, where that is known
    tax: Fraction = Fraction(0)
    ordered: date | None = None
    shipped: date | None = None
    booked: date | None = None  # the booking date, where `day` is another one
    serials: tuple[str, ...] = ()


def rate(text: Any) -> Fraction:
    words = str(text)
    return Fraction(words[:-1]) / 100 if words.endswith("%") else Fraction(words)


@dataclass(frozen=True)
class Facts:
    """What one partner's lines of a period come to."""

    qualifier: Fraction
    base: Fraction
    reference: Fraction | None
    lines: int


def facts(policy: dict[str, Any], lines: list[Line], before: list[Line]) -> Facts:
    """`before` are the lines of the baseline's period."""
    rules = policy["mechanism"]
    kind = rules["kind"]
    if kind == "bundle":
        return sets_of(rules["parts"], lines)
    units = pays_units(policy)
    reads_units = units or policy.get("measure") == "quantity"
    counts, paid = policy.get("qualify"), policy.get("pay", policy.get("qualify"))
    counted_lines = [line for line in lines if matches(counts, line)]
    paid_lines = [line for line in lines if matches(paid, line)]
    number = sum(1 for line in lines if matches(counts, line) or matches(paid, line))
    qualifier, base, reference = measured(counted_lines, reads_units), measured(paid_lines, units), None
    if kind == "spif" and rules.get("per", "serial") == "serial":
        qualifier = base = serials_of(paid_lines)
    focus = [line for line in counted_lines if kind == "mix" and line.product_line in rules["focus"]]
    whole = qualifier
    for cap in policy.get("caps", []):
        if cap["on"] == "measure":
            ceiling = Fraction(str(cap["amount"]))
            qualifier = qualifier if cap.get("of") == "base" else min(qualifier, ceiling)
            base = base if cap.get("of") == "qualifier" else min(base, ceiling)
    if kind == "mix":
        reference = whole
        qualifier = measured(focus, reads_units)
    elif kind == "target":
        reference = Fraction(str(rules["target"]))
    elif kind == "growth":
        reference = baseline(policy, [line for line in before if matches(counts, line)], reads_units)
    elif kind == "per_increment":
        base = Fraction(max(base, Fraction(0)) // Fraction(str(rules["increment"])))
    return Facts(qualifier, base, reference, number)


def sets_of(parts: list[dict[str, Any]], lines: list[Line]) -> Facts:
    counts, number = [], set()
    for part in parts:
        mine = [
            index for index, line in enumerate(lines)
            if (line.product == part["product"] if "product" in part else line.product_line == part["product_line"])
        ]  # fmt: skip
        number.update(mine)
        have = measured((lines[index] for index in mine), units=True)
        counts.append(max(have, Fraction(0)) // Fraction(str(part["quantity"])))
    complete = Fraction(min(counts))
    return Facts(complete, complete, None, len(number))


def baseline(policy: dict[str, Any], before: list[Line], units: bool) -> Fraction | None:
    rules = policy.get("baseline", {})
    if rules.get("kind") == "stated":
        return Fraction(str(rules["amount"]))
    if before:
        return max(measured(before, units), Fraction(0))
    new = rules.get("new_partner", "skip")
    if new == "skip":
        return None
    return Fraction(0) if new == "zero" else Fraction(str(rules["amount"]))


def reached(bands: list[dict[str, Any]], value: Fraction) -> dict[str, Any] | None:
    return next((band for band in reversed(bands) if value >= Fraction(str(band["from"]))), None)


def share_reached(
    bands: list[dict[str, Any]], value: Fraction, whole: Fraction | None, more: int
) -> Fraction:
    """The rate of the last band whose share (and `more` times the whole on top) of `whole` is reached; 0 for none."""
    found = Fraction(0)
    for band in bands:
        if whole is not None and value >= (rate(band["from"]) + more) * whole:
            found = rate(band["rate"])
    return found


def raw_of_shares(policy: dict[str, Any], it: Facts) -> Fraction:
    rules = policy["mechanism"]
    if it.base < 0 or it.reference is None:
        return Fraction(0)
    reached_rate = share_reached(rules["bands"], it.qualifier, it.reference, rules["kind"] == "growth")
    above = rules.get("on") in ("growth", "excess")
    return reached_rate * (it.base - it.reference if above else it.base)


def raw_between(points: list[dict[str, Any]], it: Facts) -> Fraction:
    (low, first), (high, last) = ((Fraction(str(one["at"])), rate(one["rate"])) for one in points)
    if it.base < 0 or it.qualifier < low:
        return Fraction(0)
    share = min(Fraction(1), (it.qualifier - low) / (high - low))
    return it.base * (first + (last - first) * share)


def raw_of_split(rules: dict[str, Any], it: Facts) -> Fraction:
    """The paid base at the average of all that counts, or as the top of it."""
    bands = rules["bands"]
    if it.base < 0:
        return it.base * rate(bands[0]["rate"])
    if reached(bands, it.qualifier) is None:
        return Fraction(0)
    if rules["split"] == "top_slice":
        return sliced(bands, it.qualifier) - sliced(bands, it.qualifier - it.base)
    if it.qualifier <= 0:
        return it.base * rate(bands[0]["rate"])
    return it.base * sliced(bands, it.qualifier) / it.qualifier


def raw(policy: dict[str, Any], it: Facts) -> Fraction:
    rules, qualifier, base = policy["mechanism"], it.qualifier, it.base
    kind, bands = rules["kind"], rules.get("bands", [])
    if kind == "formula":
        return Fraction(0)  # see `exact`
    if kind in ("growth", "target", "mix"):
        return raw_of_shares(policy, it)
    if kind == "linear":
        return raw_between(rules["points"], it)
    if kind == "spif" and rules.get("per", "serial") == "serial":
        return base * Fraction(str(rules["amount"]))
    if kind in ("per_increment", "bundle", "spif"):
        return max(base, Fraction(0)) * Fraction(str(rules["amount"]))
    if kind == "marginal" and rules.get("split", "own_bands") != "own_bands":
        return raw_of_split(rules, it)
    if kind in ("flat", "per_unit"):
        return base * rate(rules.get("rate", rules.get("amount")))
    if kind == "lump_sum":
        band = reached(bands, qualifier)
        return Fraction(str(band["amount"])) if band and base >= 0 else Fraction(0)
    if kind in ("marginal", "per_unit_stepped"):
        return sliced(bands, base)
    if kind == "retroactive_from_floor":
        floor = Fraction(str(rules["floor"]))
        if base <= floor:
            return base * rate(rules["first_rate"])
        band = reached(bands, qualifier)
        return floor * rate(rules["first_rate"]) + (base - floor) * (rate(band["rate"]) if band else 0)
    if base < 0:
        return base * rate(bands[0]["rate"])
    band = reached(bands, qualifier)
    return base * rate(band["rate"]) if band else Fraction(0)


def sliced(bands: list[dict[str, Any]], base: Fraction) -> Fraction:
    prices = [rate(band.get("rate", band.get("amount"))) for band in bands]
    if base < 0:
        return base * prices[0]
    total = Fraction(0)
    for index, band in enumerate(bands):
        low = Fraction(str(band["from"]))
        high = Fraction(str(bands[index + 1]["from"])) if index + 1 < len(bands) else base
        total += max(Fraction(0), min(base, high) - low) * prices[index]
    return total


def as_counted(policy: dict[str, Any], lines: Iterable[Line], more: dict[str, Any]) -> list[Line]:
    """Lines by the day and with the amount with which a policy counts them."""
    return without_tax(policy, dated(policy, lines, more.get("receipts", ())))


def added_up(
    policy: dict[str, Any],
    lines: Iterable[Line],
    first: date,
    after: date,
    rates: Rates,
    more: dict[str, Any],
) -> tuple[Facts, list[Line]]:
    """What the lines of a period come to, and those lines."""
    lines = list(in_tier(policy, placed(policy, lines, first), more))
    start, end = days_before(policy, first, after)
    early = [line for line in lines if start <= line.day < end and not line.after_close]
    before = [line for line in exchanged(policy, early, rates) if line.currency == policy["currency"]]
    own = exchanged(policy, [line for line in lines if first <= line.day < after], rates)
    read = counted(policy, own, first, after)
    return facts(policy, read, before), read


def exact(
    policy: dict[str, Any], lines: Iterable[Line], first: date, after: date, less: Fraction = Fraction(0),
    rates: Rates | None = None, more: dict[str, Any] | None = None,
) -> Fraction | None:  # fmt: skip
    """The unrounded rebate of one partner and period, `less` taken off its base; None where no line counts."""
    more, rates = more or {}, rates or Rates()
    lines = as_counted(policy, lines, more)
    first = counted_from(policy, first, more)
    it, read = added_up(policy, lines, first, after, rates, more)
    if policy.get("joining") == "by_days":
        digits = 3 if policy.get("measure") == "quantity" else more.get("digits", 2)
        target = Fraction(str(policy["mechanism"]["target"])) * share_of_days(
            policy, first, date(first.year + 1, 1, 1) if policy.get("cumulative") else after, more
        )  # fmt: skip
        it = replace(it, reference=rounded(target, "half_up", digits))
    if not it.lines:
        return None
    if it.base >= 0:
        base = max(Fraction(0), it.base - max(less, Fraction(0)))
    else:
        base = min(Fraction(0), it.base - min(less, Fraction(0)))
    paid_on, units = [line for line in read if paid_for(policy, line)], pays_units(policy)
    found = more.get("found", {}).get(policy.get("code"), {})
    figure = raw(policy, replace(it, base=base))
    if policy["mechanism"]["kind"] == "formula":
        figure = formula(policy["mechanism"], base, it.qualifier, found)
    if policy.get("rounding", {}).get("on") == "line":
        amounts = [line.quantity if units else line.amount for line in paid_on]
        figure = line_by_line(policy, it.qualifier, amounts, mode_of(policy), more.get("digits", 2))
    figure = by_measures(policy, through_gates(policy, figure, found), found)
    figure = collected(policy, figure, paid_on, units, more.get("receipts", ()))
    return most_paid(policy, figure + taken_back(policy, lines, first, after, units, rates, more))


def mode_of(policy: dict[str, Any]) -> str:
    return policy.get("rounding", {}).get("mode", "half_up")


def together(
    policies: list[dict[str, Any]], tier: str, kind: str, lines: Iterable[Line], first: date, after: date,
    digits: int = 2, rates: Rates | None = None, more: dict[str, Any] | None = None,
) -> dict[str, Fraction]:  # fmt: skip
    """What one partner earns for a period under each of the programmes in which it takes part, by their codes.

    `more` is what `takes_part` asks for, what each programme's gates "found", by its code, and the "receipts".

    A shared cap or a group holds for every partner of its programmes, also outside the one that states it.
    """
    lines, rates, sums, paid, more = list(lines), rates or Rates(), {}, {}, {"digits": digits} | (more or {})
    places = {policy["code"]: dict(rates.digits).get(policy["currency"], digits) for policy in policies}
    left = [policy for policy in policies if takes_part(policy, tier, kind, more)]
    while left:
        for policy in list(left):
            stack = policy.get("stacking", {})
            earlier = stack["programmes"] if stack.get("kind") == "net_of" else []
            if any(other["code"] in earlier for other in left):
                continue
            left.remove(policy)
            less = sum((paid.get(code, Fraction(0)) for code in earlier), Fraction(0))
            mine = more | {"digits": places[policy["code"]]}
            figure = exact(policy, lines, first, after, less, rates, mine)
            if figure is not None:
                sums[policy["code"]] = figure
                paid[policy["code"]] = rounded(figure, mode_of(policy), places[policy["code"]])
    for policy in policies:
        for cap in policy.get("caps", []):
            if "programmes" in cap:
                keep_to(
                    Fraction(str(cap["amount"])), {*cap["programmes"], policy["code"]}, sums, paid,
                    places[policy["code"]],
                )  # fmt: skip
    for code, pool in more.get("pools", {}).items():
        if code in paid:
            paid[code] = share_of_pool(sums[code], paid[code], pool, places[code])
    paid = only_the_best(policies, paid)
    for code, before in more.get("before", {}).items():
        if code in paid:
            paid[code] -= Fraction(before)  # what the year's earlier periods posted
    for policy in policies:
        target = policy.get("payout_currency", policy["currency"])
        by = rates.factor(policy["currency"], target, after - timedelta(days=1))
        if target != policy["currency"] and policy["code"] in paid and by is not None:
            decimals = dict(rates.digits).get(target, digits)
            paid[policy["code"]] = rounded(paid[policy["code"]] * by, mode_of(policy), decimals)
    return paid


# ---- a recompute kit: kit.json and lines.csv beside this file ----

AMOUNTS = ("opening", "accrued", "earned", "adjusted", "approved", "paid", "closing")


def read_lines(rows: Iterable[dict[str, str]]) -> list[Line]:
    """The partner's sales lines, in the order in which they were recorded: line 1 first."""
    found: list[Line] = []
    for row in sorted(rows, key=lambda row: int(row["line"])):
        origin = found[int(row["reverses"]) - 1] if row["reverses"] else None
        found.append(
            Line(
                row["product_line"], date.fromisoformat(row["day"]), Fraction(row["amount"]),
                Fraction(row["quantity"]), row["currency"], date.fromisoformat(row["recorded"]), False, row["product"],
                row["document"], origin, gross=Fraction(row["gross"]) if row["gross"] else None,
                tax=Fraction(row["tax"]), ordered=day_or_none(row["ordered"]), shipped=day_or_none(row["shipped"]),
            )
        )  # fmt: skip
    return found


def lines_for(period: dict[str, Any], lines: list[Line]) -> list[Line]:
    """What was on file for a period; what came after its close is marked as late."""
    closed = period["closed_with"]
    return [
        replace(line, after_close=closed is not None and number > closed)
        for number, line in enumerate(lines[: period["lines_to"]], start=1)
    ]


def recomputed(
    period: dict[str, Any], lines: list[Line], digits: int, receipts: Iterable[Receipt] = ()
) -> dict[str, Fraction]:
    """What each programme pays for a period. The kit names those in which the partner took part, so nobody is asked."""
    first, after = date.fromisoformat(period["starts"]), date.fromisoformat(period["ends"])
    policies = [
        {name: part for name, part in policy.items() if name != "who"}
        | {"code": code, "in_tiers": policy.get("who", {}).get("tiers")}
        for code, policy in sorted(period["policies"].items())
    ]
    rates = rates_of(period)
    more = {name: period[name] for name in ("found", "settled", "since", "before", "pools")}
    more |= {"receipts": receipts, "spans": period["tiers"]}
    return together(policies, "", "", lines_for(period, lines), first, after, digits, rates, more)


def digest_of(kit: dict[str, Any]) -> str:
    """The SHA-256 that the statement prints, of its own data and results."""
    said, rows = kit["statement"], kit["results"]
    text = ["qudao.statement.1", f"number {said['number']}", f"partner {said['partner']}"]
    text += [f"period {said['starts']} {said['ends']}", f"currency {said['currency']}"]
    text += [f"{name} {said[name]}" for name in AMOUNTS]
    text += [f"issued {said['issued']}", f"carried {said['carried']}"]
    for one in sorted(rows, key=lambda row: (row["programme"], row["ends"], row["kind"])):
        names = "kind programme starts ends qualifier base band computed settled earned adjusted line_count"
        words = [one[name] for name in names.split()]
        words += [f"of {one['reference']}"] if one["reference"] is not None else []
        text.append(" ".join(map(str, words)))
    for one in sorted(kit.get("manual", []), key=lambda row: row["number"]):
        text.append(f"manual {one['programme']} {one['number']} {one['amount']}")
    return hashlib.sha256(("\n".join(text) + "\n").encode()).hexdigest()


def own_figures(
    kit: dict[str, Any], lines: list[Line], receipts: Iterable[Receipt]
) -> Iterable[tuple[dict[str, Any], Fraction]]:
    """Each result with what its programme comes to here; of a year with what was settled of it before."""
    periods = {(period["starts"], period["ends"]): period for period in kit["periods"]}
    digits = kit["statement"]["digits"]
    figures = {days: recomputed(period, lines, digits, receipts) for days, period in periods.items()}
    for one in kit["results"]:
        days = one["starts"], one["ends"]
        is_difference = one["programme"] in periods[days]["since"]
        settled = Fraction(one["settled"]) if is_difference else Fraction(0)
        yield one, figures[days].get(one["programme"], Fraction(0)) + settled


def complaints(
    kit: dict[str, Any], lines: list[Line], receipts: Iterable[Receipt] = (), say: Any = print
) -> list[str]:
    """What does not agree; each figure is said beside its own."""
    found = []

    def check(what: str, stated: Any, own: Fraction) -> None:
        agrees = Fraction(str(stated)) == own
        say(f"{'agrees ' if agrees else 'DIFFERS'}  {what}: stated {stated}, here {float(own):,.2f}")
        if not agrees:
            found.append(what)

    said = kit["statement"]
    for one, figure in own_figures(kit, lines, receipts):
        what = f"{one['programme']} {one['starts']} to {one['ends']} (last day excluded)"
        check(f"{what}, computed", one["computed"], figure)
        check(f"{what}, {one['kind']}", one[one["kind"]], figure - Fraction(one["settled"]))
    manual = kit.get("manual", [])
    for one in manual:
        say(f"agreed   {one['programme']}, manual adjustment {one['number']}: {one['amount']}")
    for kind in ("earned", "adjusted"):
        given = [Fraction(one["amount"]) for one in manual] if kind == "adjusted" else []
        own = sum((Fraction(one[kind]) for one in kit["results"]), Fraction(0))
        check(f"statement, {kind}", said[kind], own + sum(given, Fraction(0)))
    payable = Fraction(said["earned"]) + Fraction(said["adjusted"]) + Fraction(said["brought"])
    for one in kit["kept"]:
        rows = [row for row in kit["results"] if row["programme"] == one["programme"]]
        own = sum((Fraction(row["earned"]) + Fraction(row["adjusted"]) for row in rows), Fraction(0))
        kept = kept_back(Fraction(one["before"]) + own, one["minimum"])
        check(f"{one['programme']}, carried forward", one["kept"], kept)
        payable += Fraction(one["before"]) - kept
    check("statement, to be paid", said["payable"], payable)
    parts = (Fraction(said[name]) for name in ("opening", "earned", "adjusted"))
    check("statement, closing", said["closing"], sum(parts, -Fraction(said["paid"])))
    if said["digest"]:
        same = digest_of(kit) == said["digest"]
        say(f"{'agrees ' if same else 'DIFFERS'}  SHA-256 of the statement's data: {said['digest']}")
        found += [] if same else ["digest"]
    return found


def main(folder: str = ".") -> int:
    try:
        with open(f"{folder}/kit.json", encoding="utf-8") as file:
            kit = json.load(file)
        with open(f"{folder}/lines.csv", encoding="utf-8", newline="") as file:
            lines = read_lines(csv.DictReader(file))
        with open(f"{folder}/payments.csv", encoding="utf-8", newline="") as file:
            receipts = read_receipts(csv.DictReader(file))
        with open(f"{folder}/serials.csv", encoding="utf-8", newline="") as file:
            lines = with_serials(lines, csv.DictReader(file))
    except (OSError, ValueError, KeyError) as problem:
        print(f"The kit cannot be read: {problem}", file=sys.stderr)
        return 2
    print(f"{kit['statement']['number']}, {kit['statement']['partner']}: {len(lines)} sales lines")
    found = complaints(kit, lines, receipts)
    print("Everything agrees." if not found else f"{len(found)} figures differ.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
