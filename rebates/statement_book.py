"""A statement as a workbook: its figures by programme, how each came about, and the lines behind each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from prm.ui import formats
from prm.ui.export import Bold, Sheet
from prm.values import clock
from prm.values.actor import Actor
from rebates import arithmetic, further, wording
from rebates.explained_lines import every_line
from rebates.explanations import Explanation, explain
from rebates.models import Result, Statement
from rebates.services.payments import payment_state
from rebates.statements import StatementLine, statement_lines

COLUMNS = {
    "opening": gettext_lazy("Opening"), "accrued": gettext_lazy("Accrued"), "earned": gettext_lazy("Earned"),
    "adjusted": gettext_lazy("Adjusted"), "paid": gettext_lazy("Paid"), "closing": gettext_lazy("Closing"),
    "kept": gettext_lazy("Carried forward"),
}  # fmt: skip


def sheets_of(statement: Statement, by: Actor) -> list[Sheet]:
    """The caller loaded the statement, with run and partner, through `visible_to`."""
    lines = statement_lines(statement)
    results = [result for line in lines for result in _results_of(line)]
    return [
        Sheet(_("Statement"), _statement(statement, lines, by), widths=(34, 16, *[14] * len(COLUMNS))),
        Sheet(
            _("How it came about"),
            _explained(results),
            _explained_heads(),
            (26, 12, 16, 12, 14, 6, 26, 70, 18),
        ),
        Sheet(_("Lines"), _lines(results), _line_heads(), (26, 12, 16, 12, 20, 12, 16, 30, 16, 12, 16)),
    ]


def _results_of(line: StatementLine) -> list[Result]:
    return [*([line.result] if line.result else []), *line.adjustments]


# The statement


def _statement(statement: Statement, lines: list[StatementLine], by: Actor) -> Iterator[list[Any]]:
    """Whose it is, a row for each programme, the total, corrections by hand, then what is owed beside rebates."""
    yield from _head(statement)
    yield []
    yield Bold(
        [_("Programme"), _("Code"), *(str(label) for label in COLUMNS.values()), _("Currency"), _("Period")]
    )
    for line in lines:
        figures = (getattr(line, name) for name in COLUMNS)
        yield [
            str(line.programme),
            line.programme.code,
            *figures,
            statement.currency,
            formats.period(line.period),
        ]
    yield Bold([_("Total"), "", *(getattr(statement, name) for name in COLUMNS), statement.currency])
    for line in lines:
        for one in line.manual:
            name = wording.manual(one)
            yield [name, line.programme.code, "", "", "", one.amount, "", "", "", statement.currency]
    for part in further.parts_of(statement, by):
        yield from _rows_of(part, statement.currency)


def _head(statement: Statement) -> Iterator[list[Any]]:
    state = Statement.PaymentState(payment_state(statement)).label
    yield Bold([_("Statement"), statement.number])
    yield [_("Partner"), statement.partner.name]
    yield [_("Partner number"), statement.partner.number]
    yield [_("Period"), formats.period(statement.period)]
    yield [_("Currency"), statement.currency]
    yield [_("State"), str(state)]
    yield [_("Issued"), statement.issued_at.astimezone(clock.tenant_zone()).replace(tzinfo=None)]
    if statement.digest:
        yield [_("SHA-256 of this statement's data"), statement.digest]


def _rows_of(part: further.Part, currency: str) -> Iterator[list[Any]]:
    """A part under the heads of the figures: what was added stands as earned."""
    yield [part.title, "", part.opening, "", part.added, "", part.paid, part.closing, "", currency]
    for one in part.bookings:
        if one.is_payment:
            yield [one.label, one.number, "", "", "", "", -one.amount, "", "", currency]
        else:
            yield [one.label, one.number, "", "", one.amount, "", "", "", "", currency]


# How each figure came about


def _explained_heads() -> list[str]:
    return [
        _("Programme"), _("Code"), _("Period"), _("Figure"), _("Clause"), _("Step"), _("What"), _("In words"),
        _("Base"), pgettext("of a band", "Rate"), _("Amount"), _("Currency"),
    ]  # fmt: skip


def _which(result: Result) -> list[Any]:
    """Which figure a row is about."""
    programme = result.programme
    return [str(programme), programme.code, formats.period(result.period), result.get_kind_display()]


def _explained(results: list[Result]) -> Iterator[list[Any]]:
    for result in results:
        told, which = explain(result), _which(result)
        which.append(told.clause)
        version = _("version %(number)s") % {"number": result.version.number}
        yield [*which, "", _("What the policy says"), f"{told.sentence} ({version})"]
        for step in told.steps:
            yield [*which, step.number, step.title, step.text, "", "", step.value]
        for row in _arithmetic(told):
            yield [*which, "", _("The arithmetic"), *row]
        for title, amount in _ends(result, told):
            yield [*which, "", title, "", "", "", amount, result.currency]
        yield Bold([*which, "", _("Result"), "", "", "", result.amount, result.currency])


def _arithmetic(told: Explanation) -> Iterator[list[Any]]:
    """The parts that add up to the unrounded rebate, then what it comes to."""
    if told.withheld:
        yield [_("Only the own sum and share are told: too few stand behind a sum of the group")]
        return
    for part in told.parts:
        yield [_part(told, part), part.base, part.rate, part.amount]
    if not told.parts:
        yield [_without_parts(told), "", "", told.raw]
    yield [told.reached, told.base, "", told.rounded]


def _without_parts(told: Explanation) -> str:
    if told.result.version.mechanism == "formula":
        return _("By the formula")
    return _("The first band was not reached.") if told.is_banded else _("Nothing is paid on it")


def _part(told: Explanation, part: arithmetic.Part) -> str:
    """The stretch of the base, or of the share, that a part is about."""
    if part.lower is None:
        return _("First band's rate") if told.is_banded else _("All of it")
    if part.is_all:
        return _("All of it")

    def shown(bound: Any) -> str:
        return formats.percent(bound, None) if told.shares else formats.number(bound, None)

    if part.upper is None:
        return _("%(low)s and above") % {"low": shown(part.lower)}
    return _("%(low)s to %(high)s") % {"low": shown(part.lower), "high": shown(part.upper)}


def _ends(result: Result, told: Explanation) -> Iterator[tuple[str, Any]]:
    """What stands between the rounded rebate and the figure."""
    if told.share is not None:
        yield _("Share of the group's figure"), told.share
    if told.paid_in:
        yield _("Payout in %(currency)s") % {"currency": told.paid_in}, result.computed
    if result.kind == Result.Kind.ADJUSTED:
        yield _("Settled before"), result.settled


# The lines behind each figure


def _line_heads() -> list[str]:
    return [
        _("Programme"), _("Code"), _("Period"), _("Figure"), _("Document"), _("Day"), _("Product line"), _("Product"),
        _("Product code"), _("Quantity"), _("Net amount"), _("Currency"), _("How it counts"), _("Running base"),
    ]  # fmt: skip


def _lines(results: list[Result]) -> Iterator[list[Any]]:
    """A row for each figure that counts a line: one that two programmes count stands twice."""
    for result in results:
        which = _which(result)
        for line in every_line(result):
            counts = pgettext("how a line counts", "paid on") if line.is_paid else _("qualifies only")
            yield [
                *which, line.document, line.booking_date, str(line.product_line), str(line.product),
                line.product.code, line.quantity, line.net_amount, line.currency, counts, line.running,
            ]  # fmt: skip
