"""Rebates computed slowly and plainly, line by line, on exact fractions. Shares no code with the product."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Line:
    product_line: str
    day: date
    amount: Fraction
    quantity: Fraction
    currency: str = "CNY"
    recorded: date = date(2026, 1, 1)
    after_close: bool = False


def rate(text: Any) -> Fraction:
    words = str(text)
    return Fraction(words[:-1]) / 100 if words.endswith("%") else Fraction(words)


def takes_part(policy: dict[str, Any], tier: str, kind: str) -> bool:
    who = policy.get("who", {})
    return (not who.get("tiers") or tier in who["tiers"]) and (not who.get("types") or kind in who["types"])


def counted(policy: dict[str, Any], lines: Iterable[Line], first: date, after: date) -> list[Line]:
    """The lines that this policy reads, late ones after the grace days left out."""
    grace = policy.get("late", {}).get("grace_days")
    found = []
    for line in lines:
        if line.currency != policy["currency"] or not first <= line.day < after:
            continue
        is_late = line.after_close and line.amount >= 0 and line.quantity >= 0
        if (
            is_late
            and grace is not None
            and line.recorded > after - timedelta(days=1) + timedelta(days=grace)
        ):
            continue
        found.append(line)
    return found


def sums(policy: dict[str, Any], lines: list[Line]) -> tuple[Fraction, Fraction, int]:
    """Qualifier, paid base, number of lines that count for either."""
    kind = policy["mechanism"]["kind"]
    pays_units = kind in ("per_unit", "per_unit_stepped")
    reads_units = pays_units or policy.get("measure") == "quantity"
    counts = policy.get("qualify", {}).get("product_lines")
    paid = policy.get("pay", {}).get("product_lines", counts)
    qualifier = base = Fraction(0)
    number = 0
    for line in lines:
        qualifies = counts is None or line.product_line in counts
        pays = paid is None or line.product_line in paid
        if qualifies:
            qualifier += line.quantity if reads_units else line.amount
        if pays:
            base += line.quantity if pays_units else line.amount
        number += qualifies or pays
    return qualifier, base, number


def reached(bands: list[dict[str, Any]], value: Fraction) -> dict[str, Any] | None:
    found = None
    for band in bands:
        if value >= Fraction(str(band["from"])):
            found = band
    return found


def raw(policy: dict[str, Any], qualifier: Fraction, base: Fraction) -> Fraction:
    rules = policy["mechanism"]
    kind, bands = rules["kind"], rules.get("bands", [])
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


def rounded(value: Fraction, mode: str) -> Fraction:
    """To cents by magnitude: ties away from zero, or to the even cent."""
    cents = abs(value) * 100
    whole, rest = cents.numerator // cents.denominator, cents - cents.numerator // cents.denominator
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (mode == "half_up" or whole % 2)):
        whole += 1
    return Fraction(whole if value >= 0 else -whole, 100)


def rebate(policy: dict[str, Any], lines: Iterable[Line], first: date, after: date) -> Fraction | None:
    """The rebate of one partner and period; None where no line counts."""
    qualifier, base, number = sums(policy, counted(policy, lines, first, after))
    if not number:
        return None
    return rounded(raw(policy, qualifier, base), policy.get("rounding", {}).get("mode", "half_up"))
