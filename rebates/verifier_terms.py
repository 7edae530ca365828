"""The part of the verifier about terms: who takes part, gates, collection by days until invoices were paid, minimums,
exchange rates, periods, returns.

Shares no code with the product and needs only Python's standard library. A recompute kit holds it within `verify.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any


def takes_part(policy: dict[str, Any], tier: str, kind: str, more: dict[str, Any]) -> bool:
    """`more` is the partner's "region" and "number", and the "certificates" that it holds on the last day."""
    who, held = policy.get("who", {}), set(more.get("certificates", ()))
    pairs = (
        ("tiers", tier),
        ("types", kind),
        ("regions", more.get("region")),
        ("partners", more.get("number")),
    )
    by_line = policy.get("tier_on") == "line_date"  # then each line's own day decides
    fits = all(name not in who or has in who[name] or (name == "tiers" and by_line) for name, has in pairs)
    return fits and ("certificates" not in who or not held.isdisjoint(who["certificates"]))


def tier_on(day: date, more: dict[str, Any]) -> str:
    """The tier of that day, "" for none. "spans" are [first day, day after the last, tier], None for no end."""
    for first, after, code in more.get("spans", ()):
        if (first is None or date.fromisoformat(first) <= day) and (
            after is None or day < date.fromisoformat(after)
        ):
            return str(code)
    return ""


def named_tiers(policy: dict[str, Any]) -> list[str]:
    return policy.get("in_tiers") or policy.get("who", {}).get("tiers") or []


def in_tier(policy: dict[str, Any], lines: Iterable[Any], more: dict[str, Any]) -> list[Any]:
    """Where each line's day decides, those that were booked in one of the policy's tiers; else all."""
    if policy.get("tier_on") != "line_date":
        return list(lines)
    return [line for line in lines if tier_on(line.day, more) in named_tiers(policy)]


def share_of_days(policy: dict[str, Any], first: date, after: date, more: dict[str, Any]) -> Fraction:
    """The part of the period's days in one of the policy's tiers, or in any; all of it where there is no such day."""
    days = [first + timedelta(days=number) for number in range((after - first).days)]
    tiers = [tier_on(day, more) for day in days]
    count = sum(1 for tier in tiers if tier and (not named_tiers(policy) or tier in named_tiers(policy)))
    return Fraction(count or len(days), len(days))


def through_gates(policy: dict[str, Any], figure: Fraction, found: dict[str, Any]) -> Fraction:
    """Behind a gate that is not met nothing is paid above zero, and nothing is forgiven below. `found` is by code."""
    gates = policy.get("gates", [])
    met = all(
        Fraction(str(found.get(gate["code"], 0))) >= Fraction(str(gate.get("at_least", 1))) for gate in gates
    )
    return figure if met else min(figure, Fraction(0))


def by_measures(policy: dict[str, Any], figure: Fraction, found: dict[str, Any]) -> Fraction:
    """A figure above zero times the factor of the last band that each measure reaches; nothing below the first."""
    for factor in policy.get("factors", []):
        if factor["kind"] == "measure" and figure > 0:
            has = Fraction(str(found.get(factor["code"], 0)))
            shares = [band["factor"] for band in factor["bands"] if has >= Fraction(str(band["from"]))]
            figure *= fraction_of(shares[-1]) if shares else 0
    return figure


def kept_back(money: Fraction, minimum: str | None) -> Fraction:
    """What of a programme's money waits for the next statement: all of it until it comes to the minimum."""
    return money if minimum is not None and money < Fraction(minimum) else Fraction(0)


@dataclass(frozen=True)
class Receipt:
    """So much came in for an invoice on a day; below zero it takes a payment of that day back."""

    document: str
    day: date
    amount: Fraction
    total: Fraction
    currency: str = "CNY"


def read_receipts(rows: Iterable[dict[str, str]]) -> list[Receipt]:
    return [
        Receipt(
            row["document"], date.fromisoformat(row["day"]), Fraction(row["amount"]), Fraction(row["total"]),
            row["currency"],
        )
        for row in rows
    ]  # fmt: skip


def fraction_of(text: Any) -> Fraction:
    words = str(text)
    return Fraction(words[:-1]) / 100 if words.endswith("%") else Fraction(words)


def invoice_factor(steps: list[dict[str, Any]], issued: date, receipts: list[Receipt]) -> Fraction:
    """To eight decimals, half up: each part that came in counts by its day, what is more than the invoice does not."""
    if not receipts:
        return Fraction(0)
    total, so_far, counts = max(one.total for one in receipts), Fraction(0), Fraction(0)
    before = Fraction(0)
    for day in sorted({one.day for one in receipts}):
        so_far += sum(one.amount for one in receipts if one.day == day)
        reached = min(max(so_far, Fraction(0)), total)
        within = [step for step in steps if (day - issued).days <= step["days"]]
        if within:
            counts += (reached - before) * fraction_of(within[0]["factor"])
        before = reached
    return Fraction(int((counts / total * 10**8 + Fraction(1, 2)) // 1), 10**8)


def invoice_of(line: Any) -> tuple[str, str]:
    """What tells an invoice from others: its number and currency; of what an agent is credited with a running number,
    for two buyers may have invoices of one number.
    """
    return (
        (line.document, line.sold_in or line.currency) if line.credit is None else (line.credit.invoice, "")
    )


def collected(
    policy: dict[str, Any], figure: Fraction, paid: Iterable[Any], units: bool, more: dict[str, Any]
) -> Fraction:
    """The figure by the days to receipt; `paid` are the lines that are paid on. At most zero it stays as it is.

    `more` has the "receipts". What buyers paid is in no agent's kit: "collected" has the factor of each of its invoices
    from the day on which it was booked, by the policy's code.
    """
    steps = [
        step for one in policy.get("factors", []) if one["kind"] == "collection" for step in one["steps"]
    ]
    if not steps or figure <= 0:
        return figure
    lines, due, counts = list(paid), Fraction(0), Fraction(0)
    for invoice in sorted({invoice_of(line) for line in lines}):
        mine = [line for line in lines if invoice_of(line) == invoice]
        amount = sum((line.quantity if units else line.amount for line in mine), Fraction(0))
        if amount > 0:
            issued = min(line.booked or line.day for line in mine)
            if mine[0].credit is None:
                came = [one for one in more.get("receipts", ()) if (one.document, one.currency) == invoice]
                factor = invoice_factor(steps, issued, came)
            else:
                factor = Fraction(more["collected"][policy["code"]][f"{invoice[0]} {issued}"])
            due, counts = due + amount, counts + amount * factor
    return figure * counts / due if due else figure


# Rounding, and what is divided among programmes


def rounded(value: Fraction, mode: str, digits: int = 2) -> Fraction:
    """To cents (or what the currency has) by magnitude: ties away from zero, or to the even cent."""
    cents = abs(value) * 10**digits
    whole, rest = cents.numerator // cents.denominator, cents - cents.numerator // cents.denominator
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (mode == "half_up" or whole % 2)):
        whole += 1
    return Fraction(whole if value >= 0 else -whole, 10**digits)


def keep_to(
    cap: Fraction, codes: set[str], sums: dict[str, Fraction], paid: dict[str, Fraction], digits: int
) -> None:
    """Cent by cent: everybody gets the whole cents of its share, then who lost most of a cent gets one more."""
    sharing = sorted(code for code in codes if sums.get(code, Fraction(0)) > 0)
    total = sum((sums[code] for code in sharing), Fraction(0))
    if total <= cap and sum(max(paid[code], Fraction(0)) for code in sharing) <= cap:
        return
    unit = 10**digits
    shares = {code: cap * unit * sums[code] / total for code in sharing}
    cents = {code: share.numerator // share.denominator for code, share in shares.items()}
    for code in sorted(sharing, key=lambda code: (cents[code] - shares[code], code)):
        if sum(cents.values()) < cap * unit:
            cents[code] += 1
    paid.update({code: Fraction(count, unit) for code, count in cents.items()})


def share_of_pool(figure: Fraction, paid: Fraction, pool: dict[str, Any], digits: int) -> Fraction:
    """What of a cap over all partners falls to a figure.

    "pool" has the cap's "amount" and the "sum" of all figures, still to be divided by "parts"; of figures that are
    fractions it is rounded to so many "decimals", for all their digits would tell what others bought. Who is given a
    cent more hangs on the others' figures: the share may be one above its whole cents, where that was "paid". Of so few
    partners that the sum would tell another's figure there is nothing but what was "paid".
    """
    if not pool["lowered"] or figure <= 0:
        return paid
    if "sum" not in pool:
        return Fraction(pool["paid"])
    whole, unit = Fraction(pool["sum"]) / Fraction(pool["parts"]), 10**digits
    away = Fraction(1, 2 * 10 ** pool["decimals"]) if "decimals" in pool else Fraction(0)
    least, most = (
        Fraction(pool["amount"]) * unit * figure / one for one in (whole + away, max(whole - away, figure))
    )
    stated, cents = Fraction(pool["paid"]) * unit, least.numerator // least.denominator
    fits = stated.denominator == 1 and cents <= stated < most + 1
    return Fraction(stated if fits else cents, unit)


def ties_of(policies: list[dict[str, Any]], told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The caps that programmes share, then the groups of which the best pays, in their order."""
    caps, groups = [], []
    for policy in policies:
        code, named = policy["code"], stacked(policy, "best_of")
        caps += [
            {"kind": "cap", "amount": cap["amount"], "codes": [*cap["programmes"], code]}
            for cap in policy.get("caps", [])
            if "programmes" in cap
        ]
        groups += [{"kind": "best_of", "codes": [*named, code]}] if named else []
    return sorted([*caps, *groups, *told], key=lambda tie: tie["kind"] != "cap")


def stacked(policy: dict[str, Any], kind: str) -> list[str]:
    stack = policy.get("stacking", {})
    return list(stack["programmes"]) if stack.get("kind") == kind else []


def in_turn(policies: list[dict[str, Any]], ties: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """In which order programmes are computed: what is tied in one turn, and behind what any of it is net of."""
    turns = [[policy] for policy in policies]
    for tie in ties:
        one = [turn for turn in turns if any(policy["code"] in tie["codes"] for policy in turn)]
        turns = [turn for turn in turns if turn not in one] + [[policy for turn in one for policy in turn]]
    found: list[list[dict[str, Any]]] = []
    while turns:
        left = {policy["code"] for turn in turns for policy in turn}
        ready = [turn for turn in turns if not any(left & {*stacked(one, "net_of")} for one in turn)]
        if not ready:
            raise ValueError("programmes wait for each other: " + ", ".join(sorted(left)))
        found += ready
        turns = [turn for turn in turns if turn not in ready]
    return found


def at_once(
    turn: list[str], ties: list[dict[str, Any]], sums: dict[str, Fraction], paid: dict[str, Fraction],
    places: dict[str, int],
) -> None:  # fmt: skip
    """What the ties of one turn leave of its figures."""
    for tie in ties:
        codes = [code for code in tie["codes"] if code in turn and code in paid]
        if codes and tie["kind"] == "cap":
            keep_to(Fraction(str(tie["amount"])), {*codes}, sums, paid, places[codes[0]])
        elif codes:
            best = max(paid[code] for code in codes)
            winner = next(code for code in codes if paid[code] == best)
            paid.update({code: Fraction(0) for code in codes if code != winner})


def line_by_line(
    policy: dict[str, Any], qualifier: Fraction, amounts: list[Fraction], mode: str, digits: int
) -> Fraction:
    """The sum of what each line pays, rounded by itself: one rate for all of them."""
    rules, total = policy["mechanism"], sum(amounts, Fraction(0))
    rows = rules.get("bands") or [{"from": "0", "rate": rules.get("rate", rules.get("amount"))}]
    if rules["kind"] != "retroactive" or total < 0:
        price = fraction_of(rows[0]["rate"])
    else:
        met = [row for row in rows if qualifier >= fraction_of(row["from"])]
        price = fraction_of(met[-1]["rate"]) if met else Fraction(0)
    return sum((rounded(amount * price, mode, digits) for amount in amounts), Fraction(0))


# Tax and exchange rates


def without_tax(policy: dict[str, Any], lines: Iterable[Any]) -> list[Any]:
    """Where gross amounts count, each divided by one and its tax; a line that knows only its net amount has none."""
    if policy.get("amount_basis") != "gross":
        return list(lines)
    stated = fraction_of(policy["tax_rate"]) if "tax_rate" in policy else None
    return [
        line
        if line.gross is None
        else replace(line, amount=line.gross / (1 + (line.tax if stated is None else stated)))
        for line in lines
    ]


@dataclass(frozen=True)
class Rates:
    """Exchange rates: 1 base = value quote on a day. Two currencies without a rate of their own meet in `through`."""

    stored: tuple[tuple[str, str, date, Fraction], ...] = ()
    most_days: int = 0
    through: str = ""
    digits: tuple[tuple[str, int], ...] = ()  # after the point, by currency

    def leg(self, one: str, other: str, day: date) -> Fraction | None:
        found = [
            (on, value if base == one else 1 / value) for base, quote, on, value in self.stored
            if {base, quote} == {one, other} and 0 <= (day - on).days <= self.most_days
        ]  # fmt: skip
        return Fraction(1) if one == other else max(found)[1] if found else None

    def factor(self, one: str, other: str, day: date) -> Fraction | None:
        own, legs = (
            self.leg(one, other, day),
            (self.leg(one, self.through, day), self.leg(self.through, other, day)),
        )
        return legs[0] * legs[1] if own is None and None not in legs else own


def exchanged(policy: dict[str, Any], lines: Iterable[Any], rates: Rates) -> list[Any]:
    """Lines in the programme's currency, at the rate of their day or of their period's last. Not rounded."""
    how, own, found = policy.get("exchange", "none"), policy["currency"], []
    for line in lines:
        last = own_period(policy, line.day)[1] - timedelta(days=1)
        by = (
            None
            if how == "none"
            else rates.factor(line.currency, own, line.day if how == "booking_date" else last)
        )
        found.append(
            line
            if by is None
            else replace(line, amount=line.amount * by, currency=own, sold_in=line.currency)
        )
    return found


def rates_of(period: dict[str, Any]) -> Rates:
    """The rates with which a kit's period was computed; none where no programme asked for any."""
    said = period.get("rates") or {"stored": [], "most_days": 0, "through": "", "digits": {}}
    stored = tuple(
        (one, other, date.fromisoformat(day), Fraction(value)) for one, other, day, value in said["stored"]
    )
    return Rates(stored, said["most_days"], said["through"], tuple(said["digits"].items()))


# Lines and periods


def counted(policy: dict[str, Any], lines: Iterable[Any], first: date, after: date) -> list[Any]:
    """The lines that this policy reads, late ones after the grace days left out."""
    grace = policy.get("late", {}).get("grace_days")
    found = []
    for line in lines:
        if line.currency != policy["currency"] or not first <= line.day < after:
            continue
        is_late = line.after_close and line.amount >= 0 and line.quantity >= 0 and not line.back
        recorded = line.recorded
        if line.credit is not None:  # who came late: a correction follows what it corrects, a return its sale
            is_late = line.after_close and line.credit.first_late and not line.credit.nameless
            recorded = line.credit.first_recorded
        if is_late and grace is not None and recorded > after + timedelta(days=grace - 1):
            continue
        found.append(line)
    return found


def matches(part: dict[str, Any] | None, line: Any) -> bool:
    part = part or {}
    groups, goods = part.get("product_lines"), part.get("products")
    return (groups is None or line.product_line in groups) and (goods is None or line.product in goods)


def measured(lines: Iterable[Any], units: bool) -> Fraction:
    return sum((line.quantity if units else line.amount for line in lines), Fraction(0))


def days_before(policy: dict[str, Any], first: date, after: date) -> tuple[date, date]:
    """The baseline's period: as many months earlier as the period is long, or twelve."""
    months = (after.year - first.year) * 12 + after.month - first.month
    back = 12 if policy.get("baseline", {}).get("kind") == "prior_year" else months

    def earlier(day: date) -> date:
        count = day.year * 12 + day.month - 1 - back
        return date(count // 12, count % 12 + 1, 1)

    return earlier(first), earlier(after)


def pays_units(policy: dict[str, Any]) -> bool:
    kind = policy["mechanism"]["kind"]
    by_quantity = kind == "per_increment" and policy.get("measure") == "quantity"
    return kind in ("per_unit", "per_unit_stepped", "spif") or by_quantity


def paid_for(policy: dict[str, Any], line: Any) -> bool:
    """Whether a line is paid on; of complete sets each of its parts."""
    for part in policy["mechanism"].get("parts", []):
        if (
            line.product == part["product"]
            if "product" in part
            else line.product_line == part["product_line"]
        ):
            return True
    return policy["mechanism"]["kind"] != "bundle" and matches(policy.get("pay", policy.get("qualify")), line)


def most_paid(policy: dict[str, Any], figure: Fraction) -> Fraction:
    for cap in policy.get("caps", []):
        mine = "programmes" not in cap and cap.get("over") != "partners"
        if cap["on"] == "payout" and mine and figure > Fraction(str(cap["amount"])):
            figure = Fraction(str(cap["amount"]))
    return figure


# Returns


def months_of(policy: dict[str, Any]) -> int:
    return {"month": 1, "quarter": 3, "year": 12}[policy.get("period", "month")]


def own_period(policy: dict[str, Any], day: date) -> tuple[date, date]:
    """The month, quarter or year of a day: first day and day after the last."""
    size = months_of(policy)
    number = day.year * 12 + (day.month - 1) // size * size
    after = number + size
    return date(number // 12, number % 12 + 1, 1), date(after // 12, after % 12 + 1, 1)


def counted_from(policy: dict[str, Any], first: date, more: dict[str, Any]) -> date:
    """The first day that counts: the period's, or of a cumulative programme ("since" has it) the year's."""
    since = more.get("since", {}).get(policy.get("code"))
    return first if since is None else date.fromisoformat(since)


def is_elsewhere(policy: dict[str, Any], one: date, other: date, first: date) -> bool:
    """Whether two days lie in different periods, or years that are counted from `first` on."""
    if policy.get("cumulative"):
        return (one.year, one >= first) != (other.year, other >= first)
    return own_period(policy, one) != own_period(policy, other)


def placed(policy: dict[str, Any], lines: Iterable[Any], first: date) -> list[Any]:
    """Lines where the policy counts them. A return by origin stands with the line that it reverses; at the original
    rate one of another period counts for nothing here, see `taken_back`.
    """
    how, found = policy.get("returns", "by_booking"), []
    for line in lines:
        sold = line.origin
        if sold is not None and how == "by_origin":
            credit = line.credit and replace(line.credit, invoice=sold.credit.invoice)
            line = replace(
                line, day=sold.day, booked=sold.booked, document=sold.document, product_line=sold.product_line,
                credit=credit,
            )  # fmt: skip
        elif sold is not None and how == "at_original_rate":
            line = replace(line, back=True)
            if is_elsewhere(policy, line.day, sold.day, first):
                line = replace(line, amount=Fraction(0), quantity=Fraction(0))
        found.append(line)
    return found


def taken_back(
    policy: dict[str, Any], lines: Iterable[Any], first: date, after: date, units: bool, rates: Rates,
    more: dict[str, Any],
) -> Fraction:  # fmt: skip
    """What returns of earlier periods' lines take back: their base × what that period paid ÷ its base. "settled" holds
    by programme what periods paid, each "first", "after", "paid", "base".
    """
    if policy.get("returns") != "at_original_rate":
        return Fraction(0)
    came = [
        replace(line, day=line.origin.day, product_line=line.origin.product_line) for line in lines
        if line.origin is not None and line.origin.day < first <= line.day < after
    ]  # fmt: skip
    total = Fraction(0)
    for line in exchanged(policy, in_tier(policy, came, more), rates):
        if line.currency != policy["currency"] or not matches(policy.get("pay", policy.get("qualify")), line):
            continue
        for one in more.get("settled", {}).get(policy.get("code"), []):
            days = date.fromisoformat(one["first"]), date.fromisoformat(one["after"])
            if days[0] <= line.day < days[1] and Fraction(one["base"]):
                base = line.quantity if units else line.amount
                total += base * Fraction(one["paid"]) / Fraction(one["base"])
    return total
