"""Rebates computed slowly and plainly, line by line, on exact fractions: a second opinion on a statement.

Shares no code with the product and needs only Python's standard library. In a recompute kit it stands as `verify.py`
beside `kit.json`, `lines.csv`, `credits.csv`, `payments.csv`, `serials.csv` and `SHA256SUMS`:

    python3 verify.py [FOLDER]

first holds each file against its sum in `SHA256SUMS`; then prints each figure of the statement beside what it comes to
here, and the digest of its data; at last what all of it comes to, in English and in Chinese. FOLDER is the one in which
it stands, where none is named. Exit status 0 when all agrees, 1 when something differs, 2 when the files cannot be
read. The product's own tests hold the engine to it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from rebates.verifier_chain import chain_complaints, is_sealed
from rebates.verifier_days import Credit, credits_for, dated, day_or_none, of_kind, read_credits, with_serials
from rebates.verifier_files import changed_files
from rebates.verifier_formula import (
    formula,
)
from rebates.verifier_mechanisms import (
    Contradiction,
    Facts,
    facts,
    own_factor,
    paid_base,
    raw,
    share_of_group,
)
from rebates.verifier_results import (
    NOTHING_COUNTED,
    Seen,
    beside_the_money,
    plain,
    seen_alone,
    seen_as_member,
)
from rebates.verifier_terms import (
    Rates,
    Receipt,
    at_once,
    by_measures,
    collected,
    counted,
    counted_from,
    days_before,
    exchanged,
    in_tier,
    in_turn,
    kept_back,
    line_by_line,
    most_paid,
    paid_for,
    pays_units,
    placed,
    rates_of,
    read_receipts,
    rounded,
    share_of_days,
    share_of_pool,
    stacked,
    taken_back,
    takes_part,
    through_gates,
    ties_of,
    without_tax,
)
from rebates.verifier_verdict import CHANGED, LEGEND, verdict
from rebates.verifier_words import in_both


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
    credit: Credit | None = None  # of a line of somebody else, of which the partner is credited with a share


def as_counted(policy: dict[str, Any], lines: Iterable[Line], more: dict[str, Any]) -> list[Line]:
    """Lines, or credits, by the day and with the amount with which a policy counts them."""
    return without_tax(policy, dated(policy, of_kind(policy, lines), more.get("receipts", ())))


def read_of(
    policy: dict[str, Any],
    lines: Iterable[Line],
    first: date,
    after: date,
    rates: Rates,
    more: dict[str, Any],
) -> tuple[list[Line], list[Line]]:
    """The lines of a period that a policy reads, and those of the baseline's period."""
    lines = list(in_tier(policy, placed(policy, lines, first), more))
    start, end = days_before(policy, first, after)
    early = [line for line in lines if start <= line.day < end and not line.after_close]
    before = [line for line in exchanged(policy, early, rates) if line.currency == policy["currency"]]
    own = exchanged(policy, [line for line in lines if first <= line.day < after], rates)
    return counted(policy, own, first, after), before


def added_up(
    policy: dict[str, Any],
    lines: Iterable[Line],
    first: date,
    after: date,
    rates: Rates,
    more: dict[str, Any],
    less: Fraction = Fraction(0),
) -> tuple[Facts, list[Line]]:
    """What the lines of a period come to, `less` taken off what is paid on; and those lines."""
    read, before = read_of(policy, lines, first, after, rates, more)
    return facts(policy, read, before, less), read


def exact(
    policy: dict[str, Any], lines: Iterable[Line], first: date, after: date, less: Fraction = Fraction(0),
    rates: Rates | None = None, more: dict[str, Any] | None = None, seen: dict[str, Seen] | None = None,
) -> Fraction | None:  # fmt: skip
    """The unrounded rebate of one partner and period, `less` taken off its base; None where no line counts. What stands
    behind it is put into `seen` under the policy's code.
    """
    more, rates = more or {}, rates or Rates()
    lines = as_counted(policy, lines, more)
    first = counted_from(policy, first, more)
    it, read = added_up(policy, lines, first, after, rates, more, less)
    if policy.get("joining") == "by_days":
        digits = 3 if policy.get("measure") == "quantity" else more.get("digits", 2)
        target = Fraction(str(policy["mechanism"]["target"])) * share_of_days(
            policy, first, date(first.year + 1, 1, 1) if policy.get("cumulative") else after, more
        )  # fmt: skip
        it = replace(it, reference=rounded(target, "half_up", digits))
    if not it.lines:
        return None
    if seen is not None:
        seen[policy["code"]] = seen_alone(policy, it)
    paid_on, units = [line for line in read if paid_for(policy, line)], pays_units(policy)
    found = more.get("found", {}).get(policy.get("code"), {})
    figure = raw(policy, it)
    if policy["mechanism"]["kind"] == "formula":
        figure = formula(policy["mechanism"], it.base, it.qualifier, found)
    if policy.get("rounding", {}).get("on") == "line":
        amounts = [line.quantity if units else line.amount for line in paid_on]
        figure = line_by_line(policy, it.qualifier, amounts, mode_of(policy), more.get("digits", 2))
    figure = by_measures(policy, through_gates(policy, figure, found), found)
    figure = collected(policy, figure, paid_on, units, more)
    return most_paid(policy, figure + taken_back(policy, lines, first, after, units, rates, more))


def as_member(
    policy: dict[str, Any],
    lines: Iterable[Line],
    first: date,
    after: date,
    less: Fraction,
    rates: Rates,
    more: dict[str, Any],
    seen: dict[str, Seen] | None = None,
) -> Fraction:
    """What a partner is paid as one of a group, `less` taken off its own paid base; its sums are put into `seen`."""
    first = counted_from(policy, first, more)
    read, before = read_of(policy, as_counted(policy, lines, more), first, after, rates, more)
    group, mode = more["groups"][policy["code"]], mode_of(policy)
    if seen is not None:
        seen[policy["code"]] = seen_as_member(policy, read, before, less, group)
    own = own_factor(policy, more.get("found", {}).get(policy["code"], {}))
    own = collected(policy, own, [line for line in read if paid_for(policy, line)], pays_units(policy), more)
    return share_of_group(policy, paid_base(policy, read, less), group, mode, more["digits"], own)


def paid_out(
    policies: list[dict[str, Any]], paid: dict[str, Fraction], rates: Rates, after: date, digits: int
) -> None:
    """Each figure in the currency in which it is paid, at the rate of the period's last day."""
    for policy in policies:
        target = policy.get("payout_currency", policy["currency"])
        by = rates.factor(policy["currency"], target, after - timedelta(days=1))
        if target != policy["currency"] and policy["code"] in paid and by is not None:
            decimals = dict(rates.digits).get(target, digits)
            paid[policy["code"]] = rounded(paid[policy["code"]] * by, mode_of(policy), decimals)


def mode_of(policy: dict[str, Any]) -> str:
    return policy.get("rounding", {}).get("mode", "half_up")


def together(
    policies: list[dict[str, Any]], tier: str, kind: str, lines: Iterable[Line], first: date, after: date,
    digits: int = 2, rates: Rates | None = None, more: dict[str, Any] | None = None,
    seen: dict[str, Seen] | None = None,
) -> dict[str, Fraction]:  # fmt: skip
    """What one partner earns for a period under each of the programmes in which it takes part, by their codes; `seen`
    takes what stands behind each.

    `more` is what `takes_part` asks for, what each programme's gates "found", by its code, and the "receipts".

    A shared cap or a best-of holds for every partner of its programmes, also outside the one that states it: "ties" are
    those that no policy here states.
    """
    lines, rates, sums, paid, more = list(lines), rates or Rates(), {}, {}, {"digits": digits} | (more or {})
    places = {policy["code"]: dict(rates.digits).get(policy["currency"], digits) for policy in policies}

    def alone(policy: dict[str, Any]) -> None:
        code, mine = policy["code"], more | {"digits": places[policy["code"]]}
        less = sum((paid.get(one, Fraction(0)) for one in stacked(policy, "net_of")), Fraction(0))
        figure = exact(policy, lines, first, after, less, rates, mine, seen)
        if figure is None:
            return
        sums[code], paid[code] = figure, rounded(figure, mode_of(policy), places[code])
        if code in more.get("groups", {}):
            paid[code] = as_member(policy, lines, first, after, less, rates, mine, seen)
        if code in more.get("pools", {}):
            paid[code] = share_of_pool(figure, paid[code], more["pools"][code], places[code])

    ties = ties_of(policies, more.get("ties", []))
    for turn in in_turn(policies, ties):
        for policy in turn:
            if takes_part(policy, tier, kind, more):
                alone(policy)
        at_once([policy["code"] for policy in turn], ties, sums, paid, places)
    for code, before in more.get("before", {}).items():
        if code in paid:
            paid[code] -= Fraction(before)  # what the year's earlier periods posted
    paid_out(policies, paid, rates, after, digits)
    return paid


# ---- a recompute kit: kit.json and lines.csv beside this file ----

AMOUNTS = ("opening", "accrued", "earned", "adjusted", "approved", "paid", "closing")


def read_lines(rows: Iterable[dict[str, str]]) -> list[Line]:
    """The partner's sales lines, in the order in which they were recorded: line 1 first."""
    found: list[Line] = []
    for row in sorted(rows, key=lambda row: int(row["line"])):
        found.append(line_of(row, found[int(row["reverses"]) - 1] if row["reverses"] else None))
    return found


def line_of(row: dict[str, str], origin: Line | None) -> Line:
    return Line(
        row["product_line"], date.fromisoformat(row["day"]), Fraction(row["amount"]),
        Fraction(row["quantity"]), row["currency"], date.fromisoformat(row["recorded"]), False, row["product"],
        row["document"], origin, gross=Fraction(row["gross"]) if row["gross"] else None,
        tax=Fraction(row["tax"]), ordered=day_or_none(row["ordered"]), shipped=day_or_none(row["shipped"]),
    )  # fmt: skip


def lines_for(period: dict[str, Any], lines: list[Line]) -> list[Line]:
    """What was on file for a period; what came after its close is marked as late. Credits come behind all lines."""
    closed, credits = period["closed_with"], [line for line in lines if line.credit is not None]
    own = lines[: len(lines) - len(credits)]
    return [
        replace(line, after_close=closed is not None and number > closed)
        for number, line in enumerate(own[: period["lines_to"]], start=1)
    ] + credits_for(period, credits)


def recomputed(
    period: dict[str, Any], lines: list[Line], digits: int, receipts: Iterable[Receipt] = ()
) -> tuple[dict[str, Fraction], dict[str, Seen]]:
    """What each programme pays for a period, and what stands behind it. The kit names those in which the partner took
    part, so nobody is asked.
    """
    first, after = date.fromisoformat(period["starts"]), date.fromisoformat(period["ends"])
    policies = [
        {name: part for name, part in policy.items() if name != "who"}
        | {"code": code, "in_tiers": policy.get("who", {}).get("tiers")}
        for code, policy in sorted(period["policies"].items())
    ]
    rates = rates_of(period)
    more = {
        name: period[name]
        for name in ("found", "settled", "since", "before", "pools", "groups", "ties", "collected")
    }
    more |= {"receipts": receipts, "spans": period["tiers"]}
    seen: dict[str, Seen] = {}
    return together(policies, "", "", lines_for(period, lines), first, after, digits, rates, more, seen), seen


def digest_of(kit: dict[str, Any]) -> str:
    """The SHA-256 that the statement prints, of its own data and results."""
    said, rows = kit["statement"], kit["results"]
    text = ["qudao.statement.1", f"number {said['number']}", f"partner {said['partner']}"]
    text += [f"period {said['starts']} {said['ends']}", f"currency {said['currency']}"]
    text += [f"{name} {said[name]}" for name in AMOUNTS]
    text += [f"issued {said['issued']}", f"carried {said['carried_as_sealed']}"]
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
) -> Iterable[tuple[dict[str, Any], Fraction, Seen]]:
    """Each result with what its programme comes to here, of a year with what was settled of it before; and with what
    stands behind that.
    """
    periods = {(period["starts"], period["ends"]): period for period in kit["periods"]}
    digits = kit["statement"]["digits"]
    found = {days: recomputed(period, lines, digits, receipts) for days, period in periods.items()}
    for one in kit["results"]:
        days = one["starts"], one["ends"]
        figures, seen = found[days]
        is_difference = one["programme"] in periods[days]["since"]
        settled = Fraction(one["settled"]) if is_difference else Fraction(0)
        own = figures.get(one["programme"], Fraction(0)) + settled
        yield one, own, seen.get(one["programme"], NOTHING_COUNTED)


def is_withheld(kit: dict[str, Any], one: dict[str, Any]) -> bool:
    """Whether a result is a share of sums that a kit has none of, for they would tell another partner's."""
    of = [
        period
        for period in kit["periods"]
        if (period["starts"], period["ends"]) == (one["starts"], one["ends"])
    ]
    shares = [period["groups"].get(one["programme"], {"sum": 0}) for period in of]
    shares += [
        pool for period in of if (pool := period["pools"].get(one["programme"], {"lowered": 0}))["lowered"]
    ]
    return any("sum" not in share for share in shares)


class Findings:
    """What does not agree; each figure is said beside its own."""

    def __init__(self, say: Any, digits: int):
        self.say, self.digits = say, digits
        self.found: list[str] = []

    def check(self, what: str, stated: Any, own: Fraction) -> None:
        self.agree(what, Fraction(str(stated)) == own, stated, plain(own, self.digits))

    def agree(self, what: str, agrees: bool, stated: Any, own: Any) -> None:
        self.say(f"{'agrees ' if agrees else 'DIFFERS'}  {what}: stated {stated}, here {own}")
        if not agrees:
            self.found.append(what)


def complaints(
    kit: dict[str, Any], lines: list[Line], receipts: Iterable[Receipt] = (), say: Any = print
) -> list[str]:
    """What does not agree, of figures and of the seal."""
    return figure_complaints(kit, lines, receipts, say) + seal_complaints(kit, say)


def figure_complaints(
    kit: dict[str, Any], lines: list[Line], receipts: Iterable[Receipt], say: Any = print
) -> list[str]:
    """What does not agree; each figure is said beside its own."""
    said = kit["statement"]
    findings = Findings(say, said["digits"])
    try:
        figures = list(own_figures(kit, lines, receipts))
    except Contradiction as problem:
        say(f"DIFFERS  {problem}")
        return [str(problem)]
    for one, figure, seen in figures:
        what = f"{one['programme']} {one['starts']} to {one['ends']} (last day excluded)"
        if is_withheld(kit, one):
            say(f"stated   {what}, computed: {one['computed']}, a share of sums that are not in the kit")
        else:
            findings.check(f"{what}, computed", one["computed"], figure)
        findings.check(f"{what}, {one['kind']}", one[one["kind"]], figure - Fraction(one["settled"]))
        for name, stated, own in beside_the_money(one, seen):
            findings.agree(f"{what}, {name}", stated == own, plain(stated, 3), plain(own, 3))
    check_sums(kit, findings)
    check_payments(kit, findings)
    return findings.found


def seal_complaints(kit: dict[str, Any], say: Any = print) -> list[str]:
    """What of the statement's digest, and of the trail that seals it, does not agree; each is said once."""
    stated, found = kit["statement"]["digest"], list[str]()
    if stated and digest_of(kit) != stated:
        say(f"DIFFERS  SHA-256 of the statement's data: stated {stated}, here {digest_of(kit)}")
        found.append("digest")
    elif stated and is_sealed(kit) is not False:  # one that was made to fit is named with the seal
        say(f"agrees   SHA-256 of the statement's data: {stated}")
    return found + chain_complaints(kit, say)


def check_sums(kit: dict[str, Any], findings: Findings) -> None:
    """The statement's own figures from those of its results."""
    said, manual = kit["statement"], kit.get("manual", [])
    for one in manual:
        findings.say(f"agreed   {one['programme']}, manual adjustment {one['number']}: {one['amount']}")
    for kind in ("earned", "adjusted"):
        given = [Fraction(one["amount"]) for one in manual] if kind == "adjusted" else []
        own = sum((Fraction(one[kind]) for one in kit["results"]), Fraction(0))
        findings.check(f"statement, {kind}", said[kind], own + sum(given, Fraction(0)))
    payable = Fraction(said["earned"]) + Fraction(said["adjusted"]) + Fraction(said["brought"])
    for one in kit["kept"]:
        rows = [row for row in kit["results"] if row["programme"] == one["programme"]]
        own = sum((Fraction(row["earned"]) + Fraction(row["adjusted"]) for row in rows), Fraction(0))
        kept = kept_back(Fraction(one["before"]) + own, one["minimum"])
        findings.check(f"{one['programme']}, carried forward", one["kept"], kept)
        payable += Fraction(one["before"]) - kept
    findings.check("statement, to be paid", said["payable"], payable)
    parts = (Fraction(said[name]) for name in ("opening", "earned", "adjusted"))
    findings.check("statement, closing", said["closing"], sum(parts, -Fraction(said["paid"])))


def check_payments(kit: dict[str, Any], findings: Findings) -> None:
    """What the statement says was paid from the payments behind it, programme by programme, and what came over."""
    said = kit["statement"]
    carried, paid = said["carried"], kit["paid_before"]
    for code in sorted({*carried, *(one["programme"] for one in paid)}):
        own = sum((Fraction(one["amount"]) for one in paid if one["programme"] == code), Fraction(0))
        findings.check(f"{code}, paid", carried.get(code, {}).get("paid", 0), own)
    for name in ("opening", "paid"):
        own = sum((Fraction(one[name]) for one in carried.values()), Fraction(0))
        findings.check(f"statement, {name}", said[name], own)
    sealed = list(json.loads(said["carried_as_sealed"]).values())
    same = all(list(carried.values()).count(one) == sealed.count(one) for one in [*carried.values(), *sealed])
    amounts = [one["opening"] for one in carried.values()], [one["opening"] for one in sealed]
    findings.agree("what came over, by programme", same, *(", ".join(one) or "nothing" for one in amounts))


def say(line: str) -> None:
    print(in_both(line))


def main(folder: str = "") -> int:
    folder = folder or os.path.dirname(os.path.abspath(__file__))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Chinese still reads the rest
    changed: list[str] = []
    try:
        changed = changed_files(folder)
        with open(f"{folder}/kit.json", encoding="utf-8") as file:
            kit = json.load(file)
        with open(f"{folder}/lines.csv", encoding="utf-8", newline="") as file:
            lines = read_lines(csv.DictReader(file))
        with open(f"{folder}/payments.csv", encoding="utf-8", newline="") as file:
            receipts = read_receipts(csv.DictReader(file))
        with open(f"{folder}/serials.csv", encoding="utf-8", newline="") as file:
            lines = with_serials(lines, csv.DictReader(file))
        with open(f"{folder}/credits.csv", encoding="utf-8", newline="") as file:
            credits = read_credits(csv.DictReader(file), line_of)
    except (OSError, ValueError, KeyError) as problem:
        for one in changed:  # why it cannot be read, mostly
            print(in_both(f"DIFFERS  {one}"))
        print(f"The kit cannot be read: {problem}", file=sys.stderr)
        return 2
    print(f"{kit['statement']['number']}, {kit['statement']['partner']}:", end=" ")
    say(f"{len(lines)} sales lines" + (f", {len(credits)} credits" if credits else ""))
    print(LEGEND)
    for one in changed:
        say(f"DIFFERS  {one}")
    print("\n".join(CHANGED)) if changed else say("agrees   every file has the SHA-256 that SHA256SUMS lists")
    figures, seal = figure_complaints(kit, lines + credits, receipts, say), seal_complaints(kit, say)
    said, in_chinese = verdict(len(changed), len(seal), len(figures))
    print(f"\nRESULT   {said}\n结论     {in_chinese}")
    return 1 if changed or figures or seal else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
