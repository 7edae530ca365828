"""Lists of bank accounts, payouts and exported journals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from payouts.banking import grouped
from payouts.models import BankAccount, Batch, Journal
from prm.ui import formats
from prm.ui.lists import Choice, Create, Day, Empty, Link, ListPage, Number, Ref, Text, View, When


def number_for(account: Any, actor: Any) -> str:
    """The account's number: whole for who may see it, masked for everybody else."""
    whole = "payouts.view_numbers" in actor.permissions and not actor.acting_operator
    return grouped(account.details.number) if whole else account.masked


class BankAccountList(ListPage):
    """Where is money paid to?"""

    title = _("Bank accounts")
    verb = "payouts.view_accounts"
    exports = False
    rows = BankAccount.objects.for_list()
    order = "-asked_at"
    search = ("number", "partner__name")
    search_label = _("Number, partner")
    views = [
        View("all", _("All")),
        View("waiting", _("To be confirmed"), lambda rows, actor: rows.waiting(), hot=True),
    ]
    create = Create(_("Ask for another account"), "payouts:account_new", "payouts.ask_account")
    empty = Empty(
        _("No bank account yet"),
        _("Rebates are paid to an account that one person asked for and another one confirmed."),
        icon="building-bank",
    )

    def get_columns(self, actor: Any) -> list[Any]:
        whose = [] if actor.is_partner else [Ref("partner", label=_("Partner"), filter=True, phone="sub")]
        return [
            Link("number"),
            *whose,
            Text("currency"),
            Text(
                "account",
                label=_("Account"),
                value=lambda row: number_for(row, actor),
                css="ui-fig",
                phone="b",
            ),
            Choice("state", filter=True, tones=BankAccount.TONES),
            Day("starts", value=lambda row: row.paid_from),
            Day("ends", value=lambda row: row.paid_before),
            When("asked_at"),
        ]


class BatchList(ListPage):
    """What is on its way to the bank?"""

    title = _("Payout files")
    verb = "payouts.view"
    exports = False
    rows = Batch.objects.for_list()
    order = "-pk"
    search = ("number", "run__number", "reference")
    search_label = _("Number, settlement, bank reference")
    create = Create(_("Prepare payout"), "payouts:prepare", "payouts.prepare")
    empty = Empty(
        _("No payout yet"),
        _("A payout pays what a closed settlement owes by one file for the bank; two people let it go."),
        icon="cash",
    )
    columns = [
        Link("number"),
        Text("run__number", label=_("Settlement"), phone="sub"),
        Choice("state", filter=True, tones=Batch.TONES),
        Number("count", label=_("Payments"), value=lambda row: sum(one["count"] for one in row.totals)),
        Text("sums", label=_("Sum"), value=lambda row: sums_in_words(row), css="ui-num", phone="b"),
        Day("pay_on"),
        Day("executed_on"),
        Text("created_by_label", value=lambda row: row.preparer),
        Text("released_by_label", value=lambda row: row.releaser),
    ]


def sums_in_words(batch: Any) -> str:
    several = len(batch.totals) > 1
    return " · ".join(
        formats.money(Decimal(row["amount"]), row["currency"], iso=several) for row in batch.totals
    )


class JournalList(ListPage):
    """What did the finance system get?"""

    title = _("Journal export")
    verb = "payouts.view_journals"
    exports = False
    rows = Journal.objects.for_list()
    order = "-pk"
    template = "payouts/journals.html"
    empty = Empty(
        _("Nothing exported yet"), _("Each transaction of the ledger is exported once."), icon="book"
    )
    columns = [
        Link("number"),
        Day("last_day", phone="sub"),
        Number("transaction_count"),
        Number("entry_count"),
        Text("totals", label=_("Debits"), value=lambda row: totals_in_words(row), css="ui-num", phone="b"),
        Text("made_by_label", value=lambda row: row.maker),
        When("made_at"),
    ]

    def context(self, actor: Any) -> dict[str, Any]:
        from payouts.forms import JournalForm
        from payouts.reads import not_exported

        return {"form": JournalForm(actor=actor), "waits": not_exported()}


def totals_in_words(journal: Any) -> str:
    several = len(journal.totals) > 1
    return " · ".join(
        formats.money(Decimal(text), code, iso=several) for code, text in journal.totals.items()
    )
