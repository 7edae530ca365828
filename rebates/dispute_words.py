"""How the lines of a dispute are called: to the partner by “you”, to staff by “the partner”."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.catalogue.models import Product
from prm.ui import formats
from prm.values.actor import Actor
from rebates.models import Dispute, DisputedLine

What = DisputedLine.What
MOST_SHIFTS = 5  # named in a sentence


@dataclass(frozen=True)
class Shown:
    """A line with what is wrong in words, and where either side has it in another period, "" where neither does.

    `product`: the name of the product, "" where the code is none of ours.
    """

    line: DisputedLine
    what: str
    elsewhere: str
    product: str


@dataclass(frozen=True)
class Sides:
    """The headings of both sides' figures, and how the reason and the difference are called."""

    our_quantity: str
    our_amount: str
    their_quantity: str
    their_amount: str
    their_day: str
    booked_on: str
    difference: str
    reason: str


def sides(actor: Actor) -> Sides:
    if actor.is_partner:
        return Sides(
            _("Statement’s quantity"), _("Statement’s amount"), _("Your quantity"), _("Your amount"), _("Your date"),
            _("Booked on"), _("your figures less the statement’s"), _("What you say"),
        )  # fmt: skip
    return Sides(
        _("Our quantity"), _("Our amount"), _("Partner’s quantity"), _("Partner’s amount"), _("Partner’s date"),
        _("Booked by us on"), _("the partner’s figures less ours"), _("What the partner says"),
    )  # fmt: skip


def what(kind: str, actor: Actor) -> str:
    """What is wrong with a line."""
    if kind == What.NOT_OURS and actor.is_partner:
        return _("Not in your books")
    return str(What(kind).label)


def shown(lines: Sequence[DisputedLine], actor: Actor) -> list[Shown]:
    names = _names(lines)
    return [
        Shown(line, what(line.what, actor), _elsewhere(line, actor), names.get(line.product, ""))
        for line in lines
    ]


def _names(lines: Iterable[DisputedLine]) -> dict[str, str]:
    """What the lines' products are called, by code."""
    codes = {line.product for line in lines if line.product}
    return {one.code: str(one) for one in Product.objects.filter(code__in=codes)}


def _elsewhere(line: DisputedLine, actor: Actor) -> str:
    if line.booked_on:
        words = _("it was booked on %(day)s") if actor.is_partner else _("we booked it on %(day)s")
        return words % {"day": formats.day(line.booked_on)}
    if line.their_day:
        words = _("in your books on %(day)s") if actor.is_partner else _("in the partner’s books on %(day)s")
        return words % {"day": formats.day(line.their_day)}
    return ""


def sums(dispute: Dispute, actor: Actor) -> list[dict[str, Any]]:
    """By what is wrong: how many lines and how much money they differ by, None where no line says what is right."""
    found: dict[str, dict[str, Any]] = {}
    for line in dispute.lines.all():
        one = found.setdefault(line.what, {"label": what(line.what, actor), "count": 0, "sum": None})
        one["count"] += 1
        if line.difference is not None:
            one["sum"] = (one["sum"] or Decimal("0.00")) + line.difference
    return list(found.values())


def heads(actor: Actor) -> list[str]:
    """The headings of the spreadsheet of a dispute's lines."""
    side = sides(actor)
    return [
        _("What is wrong"), _("Document"), _("Booking date"), _("Product"), _("Product name"), side.our_quantity,
        side.our_amount, side.their_quantity, side.their_amount, _("Difference"), side.their_day, side.booked_on,
        _("Row of the file"),
    ]  # fmt: skip


def rows(dispute: Dispute, actor: Actor) -> list[list[Any]]:
    lines = list(dispute.lines.all())
    names = _names(lines)
    return [
        [
            what(line.what, actor), line.document, line.day, line.product, names.get(line.product, ""),
            line.our_quantity, line.our_amount, line.their_quantity, line.their_amount, line.difference,
            line.their_day, line.booked_on, line.file_row,
        ]
        for line in lines
    ]  # fmt: skip


def shifted(count: int, days: Sequence[Sequence[str]], actor: Actor) -> str:
    """Which lines agree on another day of the same period, "" where none does. `days`: document, our day, theirs."""
    if not count:
        return ""
    named = ", ".join(
        f"{document} ({formats.day(date.fromisoformat(ours))} / {formats.day(date.fromisoformat(theirs))})"
        for document, ours, theirs in days[:MOST_SHIFTS]
    )
    words = ngettext(
        "%(count)s of them stands on another day of the same period (statement / yours): %(named)s",
        "%(count)s of them stand on another day of the same period (statement / yours): %(named)s",
        count,
    )
    if not actor.is_partner:
        words = ngettext(
            "%(count)s of them stands on another day of the same period (ours / the partner’s): %(named)s",
            "%(count)s of them stand on another day of the same period (ours / the partner’s): %(named)s",
            count,
        )
    return words % {"count": formats.number(count, 0), "named": named + (" …" if count > MOST_SHIFTS else "")}


def agreement(found: Any, actor: Actor) -> str:
    """That a ledger has nothing to dispute, and what was not compared or stands on another day. `found`: Agreement."""
    values = {
        "count": formats.number(found.count, 0), "left": formats.number(found.left, 0),
        "sum": formats.money(found.sum.amount, found.sum.currency, 2),
    }  # fmt: skip
    words = _("Your ledger and the statement agree: %(count)s lines, %(sum)s. There is nothing to dispute.")
    if found.left:
        words = _(
            "As far as they were compared, your ledger and the statement agree: %(count)s lines, %(sum)s. Not compared"
            " are %(left)s of its lines from earlier periods; choose below to compare them too."
        )
    days = [[one.ours.document, str(one.ours.day), str(one.theirs.day)] for one in found.shifted]
    also = shifted(len(days), days, actor)
    return f"{words % values} {also}.".strip() if also else words % values
