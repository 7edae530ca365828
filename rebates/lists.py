"""Lists of programmes, settlements, statements and payments."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from prm.ui import formats
from prm.ui.lists import Amount, Choice, Create, Day, Empty, Link, ListPage, Number, Ref, Text, View, When
from prm.values import clock
from rebates import pages, run_totals
from rebates.models import ManualAdjustment, Payment, Programme, SettlementRun, Statement, Version
from rebates.since import Since, came_in_by_run

RUN_TONES = {
    "computed": "note",
    "in_review": "live",
    "approved": "warn",
    "closing": "live",
    "closed": "ok",
    "paid": "ok",
}

# Of the closed settlements the newest ones say what came in since.
CLOSED_ASKED = 6


class ProgrammeList(ListPage):
    """What do we promise?"""

    title = _("Rebate programmes")
    subject = "programme"
    verb = "rebates.view_programmes"
    exports = False
    columns = [
        Link("name", value=str),
        Text("code", sort=True, css="ui-fig ui-sub"),
        Text("mechanism", label=_("Mechanism"), value=lambda row: mechanism_of(row), phone="sub"),
        Number("shown_number", label=_("Version"), phone="b"),
        Choice("shown_state", label=_("State"), value=lambda row: state_of(row), tones={}),
        Day("shown_from", label=_("In force from")),
    ]
    order = "code"
    search = ("name", "name_zh", "code")
    create = Create(_("New programme"), "rebates:programme_new", "rebates.edit_programmes")
    empty = Empty(
        _("No programme yet"),
        _(
            "A programme says what partners earn on what they buy. Its text and its calculation are the same thing."
        ),
        icon="percentage",
    )

    def get_rows(self, actor: Any) -> QuerySet:
        return Programme.objects.for_list().with_its_versions(clock.today())


def mechanism_of(row: Any) -> str:
    return pages.mechanism_name(row.shown_policy["mechanism"]["kind"])


def state_of(row: Any) -> str:
    """The state of the version that the row shows; and of a newer one that is not in force, which it is."""
    shown = str(Version.State(row.shown_state).label)
    if row.open_number is None or row.open_number == row.shown_number:
        return shown
    return _("%(state)s · version %(number)s: %(other)s") % {
        "state": shown, "number": row.open_number, "other": Version.State(row.open_state).label,
    }  # fmt: skip


class LinesSince(Text):
    """How many sales lines a settlement's figures do not know; nothing where they know all."""

    def cell(self, row: Any) -> Any:
        found = self.value(row)
        if found is None:
            return ""
        words = ngettext("%(count)s line came in since", "%(count)s lines came in since", found.count)
        return format_html(
            '<span class="ui-tag is-warn">{}</span>', words % {"count": formats.number(found.count, 0)}
        )


class RunList(ListPage):
    """Which months are settled?"""

    title = _("Settlements")
    subject = "settlement_run"
    verb = "rebates.view_runs"
    exports = False
    rows = SettlementRun.objects.for_list()
    template = "rebates/runs.html"
    order = "-ends"
    empty = Empty(
        _("Nothing settled yet"), _("Settle the month when its sales lines are in."), icon="calculator"
    )

    def get_columns(self, actor: Any) -> list[Any]:
        @functools.cache  # asked once, by the first row
        def since() -> dict[int, Since]:
            runs = SettlementRun.objects.visible_to(actor)
            return came_in_by_run(
                [*runs.computed_and_open(), *runs.closed().order_by("-ends")[:CLOSED_ASKED]]
            )

        @functools.cache
        def decided() -> dict[int, dict[str, Decimal]]:
            return ManualAdjustment.objects.visible_to(actor).posted_sums()

        return [
            Link("number"),
            Text("period", label=_("Period"), value=lambda row: formats.month(row.starts), phone="sub"),
            Choice("state", filter=True, tones=RUN_TONES),
            Number("partner_count", label=_("Partners")),
            Number("line_count", label=_("Sales lines")),
            LinesSince("since", label=_("Came in since"), value=lambda row: since().get(row.pk), phone="sub"),
            Text(
                "totals",
                label=_("Earned and adjusted"),
                css="ui-num",
                phone="b",
                value=lambda row: totals_of(row, decided().get(row.pk, {})),
            ),
            When("computed_at"),
            Text("approved_by_label", value=lambda row: row.approver),
        ]

    def context(self, actor: Any) -> dict[str, Any]:
        return {
            "months": pages.months_to_settle(),
            "running": pages.month_that_runs(),
            "begun": pages.runs_to_go_on_with(actor),
        }


def totals_of(run: SettlementRun, decided: dict[str, Decimal]) -> str:
    """What the run's figures and the `decided` disputes that it posted add up to, by currency."""
    sums = run_totals.settled_sums(run, decided)
    return " · ".join(formats.money(amount, code, iso=len(sums) > 1) for code, amount in sums)


class StatementList(ListPage):
    """What was each partner told?"""

    title = _("Statements")
    verb = "rebates.view"
    export_verb = "rebates.export"
    rows = Statement.objects.for_list()
    order = "-ends"
    search = ("number", "partner__name")
    search_label = _("Number, partner")
    search_label_of_partners = _("Number of a statement")
    views = [
        View("all", _("All")),
        View("open", _("To be paid"), lambda rows, actor: rows.to_be_paid()),
        View("blocked", pgettext_lazy("payment", "Blocked"), lambda rows, actor: rows.blocked(), hot=True),
    ]
    empty = Empty(
        _("No statement yet"), _("Statements are issued when a month's settlement is closed."), icon="receipt"
    )

    def get_columns(self, actor: Any) -> list[Any]:
        whose = [] if actor.is_partner else [Ref("partner", label=_("Partner"), filter=True)]
        return [
            Link("number"),
            *whose,
            Text("period", label=_("Period"), value=lambda row: formats.month(row.starts), phone="sub"),
            Amount("opening", currency="currency", places=2, phone=None, total=False, hidden=True),
            Amount("earned", currency="currency", places=2, phone="b"),
            Amount("adjusted", currency="currency", places=2, phone=None),
            Amount("to_pay", label=_("To be paid"), currency="currency", places=2, phone=None),
            Choice(
                "payment_state",
                label=_("Payment"),
                choices=Statement.PaymentState.choices,
                tones=Statement.PAYMENT_TONES,
            ),
            Amount(
                "closing",
                label=_("Closing when issued"),
                currency="currency",
                places=2,
                phone=None,
                total=False,
            ),
        ]


class PaymentList(ListPage):
    """What was paid?"""

    title = _("Rebate payments")
    verb = "rebates.view_runs"
    export_verb = "rebates.export"
    rows = Payment.objects.for_list()
    columns = [
        Link("number", to=lambda row: row.statement.get_absolute_url()),
        Text("statement__partner__name", label=_("Partner"), phone="sub"),
        Text("statement__number", label=_("Statement")),
        Day("paid_on", filter=False),
        Choice("method", filter=True, tones={}),
        Text("reference"),
        Text("released_by_label", value=lambda row: row.releaser),
        Day("returned_on", filter=False, phone=None),
        Amount("amount", currency="statement__currency", places=2),
    ]
    views = [
        View("all", _("All")),
        View("returned", _("Returned"), lambda rows, actor: rows.returned()),
        View("to_confirm", _("Return to confirm"), lambda rows, actor: rows.to_confirm(), hot=True),
    ]
    order = "-pk"
    search = ("number", "reference", "statement__partner__name")
    search_label = _("Number, reference, partner")
    empty = Empty(
        _("Nothing paid yet"), _("Payments are released from a statement, by somebody who did not approve.")
    )
