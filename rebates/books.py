"""The ledger as finance reads it: postings by partner, and whether ledger and statements agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import CharField, F, OuterRef, QuerySet, Subquery, Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from prm.ledger.models import Entry, Transaction
from prm.modules.registry import runs
from prm.ui.doers import known_doer
from prm.ui.lists import Amount, Day, Empty, Link, ListPage, Text
from prm.values.actor import Actor
from rebates.models import ManualAdjustment, Payment, Result
from rebates.outside import brought_in

ZERO = Decimal("0.00")
# Apps above that post to the ledger as well add theirs: check(actor) gives a Check for each currency.
further_checks: list[Callable[[Actor], list[Check]]] = []
EVENTS = {
    "rebates.accrue": _("Accrued at the month's end"),
    "rebates.accrual_released": _("Accrual taken back at the close"),
    "rebates.close": _("Settlement: earned"),
    "rebates.adjust": _("Settlement: adjusted"),
    "rebates.correct": _("Settlement: manual adjustment"),
    "rebates.release": _("Payment approved"),
    "rebates.pay": _("Paid"),
    "rebates.outside_earned": _("Earned before go-live"),
    "rebates.outside_paid": _("Paid before go-live"),
    "rebates.opening": _("Balance at go-live"),
}
# The same of a posting that takes one of these back.
REVERSALS = {
    "rebates.release": _("Approval of payment %(text)s taken back"),
    "rebates.pay": _("Payment %(text)s sent back by the bank"),
}


class LedgerList(ListPage):
    """Does it reconcile?"""

    title = _("Ledger")
    verb = "ledger.view"
    export_verb = "rebates.export"
    template = "rebates/ledger.html"
    columns = [
        Link(
            "event",
            label=_("Posting"),
            value=lambda row: event_name(row),
            to=lambda row: f"/ledger/{row.pk}/",
        ),
        Text("partner_name", label=_("Partner"), phone="sub"),
        Day("booked_on"),
        Text("posted_by", value=lambda row: known_doer(row.posted_by)),
        Amount("volume", label=_("Amount"), currency="currency", places=2),
    ]
    order = "-pk"
    search = ("key", "partner_name")
    search_label = _("Partner, run, payment")
    empty = Empty(
        _("Nothing is booked yet"), _("Closing a settlement and paying partners write here."), icon="book"
    )

    def get_rows(self, actor: Any) -> QuerySet:
        names = Partner.objects.for_everyone(because="names beside postings that the page has scoped")
        name = names.filter(pk=OuterRef("partner_id")).values("name")[:1]
        return Transaction.objects.for_list().annotate(partner_name=Subquery(name, output_field=CharField()))

    def context(self, actor: Any) -> dict[str, Any]:
        further = [check for one in further_checks if runs(one) for check in one(actor)]
        return {"checks": [*reconciled(actor), *further]}


def event_name(row: Any) -> str:
    """What a transaction is, in words."""
    return posting_name(row.event, row.memo, reverses=row.reverses_id is not None)


def posting_name(event: str, text: str, *, reverses: bool) -> str:
    """What a posting is; of one that takes another back also what that one was. `text`: its own."""
    name = str(EVENTS.get(event, event))
    if not reverses:
        return name
    words = REVERSALS.get(event) or gettext("Taken back: %(name)s")
    return str(words) % {"name": name, "text": text}


@dataclass(frozen=True)
class Check:
    """One currency: what the ledger says beside what results and payments say."""

    currency: str
    owed: Decimal
    settled: Decimal
    paid: Decimal
    brought: Decimal = ZERO  # owed at go-live
    of: Any = ""  # what it is about, other than rebates

    @property
    def difference(self) -> Decimal:
        return self.owed - (self.brought + self.settled - self.paid)


def reconciled(actor: Actor) -> list[Check]:
    """Owed to partners in the ledger = brought in + settled in closed runs − paid; a difference would be a defect."""
    entries = Entry.objects.visible_to(actor).filter(
        account__kind__in=("payable", "approved"), purpose__kind="rebate"
    )
    owed = dict(entries.order_by().values_list("account__currency").annotate(owed=-Sum("amount")))
    closed = Result.objects.visible_to(actor).filter(run__state__in=("closed", "paid"))
    settled = dict(closed.values_list("currency").annotate(settled=Sum(F("earned") + F("adjusted"))))
    manual = ManualAdjustment.objects.visible_to(actor).filter(run__state__in=("closed", "paid"))
    for currency, amount in manual.order_by().values_list("currency").annotate(sum=Sum("amount")):
        settled[currency] = (settled.get(currency) or ZERO) + amount
    payments = Payment.objects.visible_to(actor).kept()
    paid = dict(payments.values_list("statement__currency").annotate(paid=Sum("amount")))
    brought = brought_in(actor)
    return [
        Check(
            code,
            owed.get(code) or ZERO,
            settled.get(code) or ZERO,
            paid.get(code) or ZERO,
            brought.get(code) or ZERO,
        )
        for code in sorted({*owed, *settled, *paid, *brought})
    ]
