"""The conflict check's evidence side by side, as staff read it: a row a field, a column a record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import SequenceMatcher
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _

from dealreg import words
from dealreg.models import DealRegistration
from prm.catalogue.models import ProductLine
from prm.customers.models import EndCustomer
from prm.ui.formats import MINUS

SHOWN = 5
LEAST_COMMON = 2  # characters: a single one in common says nothing
FIELDS = {
    "name": _("Name"),
    "tax_number": _("Tax number"),
    "domain": _("Web domain"),
    "phone": _("Phone"),
    "region": _("Region"),
}


@dataclass(frozen=True)
class Part:
    """A piece of a value; `same` pieces occur in the other record too."""

    text: str
    same: bool


@dataclass
class Cell:
    """One field of one match: both values in parts, the reason and its weight when it counts."""

    label: Any
    mine: list[Part]
    theirs: list[Part]
    reason: Any = ""
    weight: int | None = None

    @property
    def counts(self) -> bool:
        return self.weight is not None

    @property
    def points(self) -> str:
        """+34, −30: what it adds to the score."""
        if self.weight is None:
            return ""
        return f"+{self.weight}" if self.weight >= 0 else f"{MINUS}{-self.weight}"


@dataclass
class Column:
    """One record that is or may be the same customer."""

    kind: Any
    number: str
    href: str
    score: int
    decides: bool
    cells: dict[str, Cell]
    holder: str = ""
    since: date | datetime | None = None
    until: date | None = None
    lines: list[str] = field(default_factory=list)
    key: str = ""

    @property
    def matching(self) -> list[Cell]:
        return [cell for cell in self.cells.values() if cell.counts]

    @property
    def differing(self) -> list[Cell]:
        """Fields that both records have and that say nothing for a match."""
        return [cell for cell in self.cells.values() if not cell.counts and cell.mine and cell.theirs]


@dataclass
class Row:
    """One field over all columns."""

    label: Any
    mine: list[Part]
    cells: list[Cell]

    @property
    def reasons(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.counts]


@dataclass
class Evidence:
    columns: list[Column]
    rows: list[Row]
    rule: Any
    allows: Any
    score: int


def evidence_of(registration: DealRegistration) -> Evidence:
    """What the last check found; the columns that decide first. Two queries, whatever was found."""
    result = registration.check_result or {}
    matches = sorted(result.get("matches", []), key=lambda one: (not one["decides"], -one["score"]))[:SHOWN]
    customers = EndCustomer.objects.in_bulk([match["customer_id"] for match in matches])
    named = _lines_by_name(matches)
    columns = [_column(registration, match, customers.get(match["customer_id"]), named) for match in matches]
    for at, column in enumerate(columns):
        column.key = f"match-{at}"
    rows = [_row(registration, name, columns) for name in FIELDS]
    rule, allows = words.RULES.get(result.get("rule", ""), words.RULES["nobody_on_file"])
    return Evidence(columns, rows, rule, allows, result.get("score", 0))


def _lines_by_name(matches: list[dict[str, Any]]) -> dict[str, str]:
    """{the name with which the check kept a product line: its name in the reader's language}"""
    kept = {line for match in matches for stand in match["stands"] for line in stand["lines"]}
    found = ProductLine.objects.filter(Q(name__in=kept) | Q(name_zh__in=kept))
    return {name: str(line) for line in found for name in (line.name, line.name_zh) if name}


def _column(
    registration: DealRegistration, match: dict[str, Any], customer: EndCustomer | None, named: dict[str, str]
) -> Column:
    stand = match["stands"][0] if match["stands"] else {}
    alike = [one for one in match["stands"] if one["kind"] == stand["kind"]]  # what the column is about
    number = stand.get("registration") or match["number"]
    address = reverse("dealreg:detail", args=[number]) if stand.get("registration") else ""
    return Column(
        kind=words.STANDS.get(stand.get("kind", ""), _("Existing customer")),
        number=number,
        href=address or (customer.get_absolute_url() if customer else ""),
        score=match["score"],
        decides=match["decides"],
        cells={name: _cell(registration, name, match, customer) for name in FIELDS},
        holder=stand.get("partner", ""),
        since=_moment(stand.get("since", "")) or (customer.created_at if customer else None),
        until=parse_date(stand.get("until", "")) if stand.get("until") else None,
        lines=sorted({named.get(line, line) for one in alike for line in one["lines"]}),
    )


def _cell(
    registration: DealRegistration, name: str, match: dict[str, Any], customer: EndCustomer | None
) -> Cell:
    mine = _mine(registration, name)
    theirs = match["name"] if name == "name" else getattr(customer, name, "") or ""
    reason = next((one for one in match["reasons"] if one["field"] == name), None)
    if reason is None:
        return Cell(FIELDS[name], _plain(mine), _plain(theirs))
    # What was compared may be written otherwise than what was typed: a domain out of an address, a plain number.
    theirs = theirs or reason["b"]
    same = reason["weight"] > 0
    left, right = common_parts(mine, theirs) if same else (_plain(mine), _plain(theirs))
    return Cell(
        FIELDS[name], left, right, words.REASONS.get(reason["reason"], reason["reason"]), reason["weight"]
    )


def _row(registration: DealRegistration, name: str, columns: Iterable[Column]) -> Row:
    cells = [column.cells[name] for column in columns]
    marked = next((cell.mine for cell in cells if any(part.same for part in cell.mine)), None)
    return Row(FIELDS[name], marked or _plain(_mine(registration, name)), cells)


def _mine(registration: DealRegistration, name: str) -> str:
    return registration.customer_name if name == "name" else getattr(registration, name)


def _plain(text: str) -> list[Part]:
    return [Part(text, same=False)] if text else []


def common_parts(a: str, b: str) -> tuple[list[Part], list[Part]]:
    """Both texts in parts; parts of at least two characters that occur in both, in order, are the same."""
    left, right = a.casefold(), b.casefold()
    if len(left) != len(a) or len(right) != len(b):  # folding changed the length: positions would not fit
        left, right = a, b
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    kept = [
        block
        for block in blocks
        if block.size >= LEAST_COMMON and left[block.a : block.a + block.size].strip()
    ]
    return _split(a, [(block.a, block.size) for block in kept]), _split(
        b, [(block.b, block.size) for block in kept]
    )


def _split(text: str, spans: list[tuple[int, int]]) -> list[Part]:
    parts, at = [], 0
    for start, size in spans:
        if start > at:
            parts.append(Part(text[at:start], same=False))
        parts.append(Part(text[start : start + size], same=True))
        at = start + size
    if at < len(text):
        parts.append(Part(text[at:], same=False))
    return parts


def _moment(text: str) -> date | datetime | None:
    """A stored day or moment; None for an empty text."""
    if not text:
        return None
    return parse_date(text) if len(text) == 10 else parse_datetime(text)
