"""The lists of goods and credit notes that partners get instead of money."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.ui.lists import Amount, Choice, Day, Empty, Link, ListPage, Ref, Text, View
from rebates.models import CreditNote, GoodsDelivery

WHOSE = (
    Link("payment__number", label=_("Payment")),
    Ref("payment__statement__partner", label=_("Partner"), phone="sub"),
)
WORTH = Amount("payment__amount", label=_("Amount"), currency="payment__statement__currency", places=2)


class GoodsList(ListPage):
    """What is still to be delivered?"""

    title = _("Rebates in goods")
    verb = "rebates.view_runs"
    export_verb = "rebates.export"
    rows = GoodsDelivery.objects.for_list()
    columns = [
        *WHOSE,
        Text("what"),
        Choice("state", tones=GoodsDelivery.TONES),
        Day("delivered_on", filter=False, phone=None),
        Text("reference", phone=None),
        WORTH,
    ]
    views = [
        View("due", _("To be delivered"), lambda rows, actor: rows.due(), hot=True),
        View("delivered", _("Delivered"), lambda rows, actor: rows.delivered()),
        View("all", _("All")),
    ]
    order = "-pk"
    empty = Empty(
        _("No goods"), _("A payment in goods stands here until its delivery is confirmed."), icon="box"
    )


class CreditNoteList(ListPage):
    """Which credit notes are still to be issued?"""

    title = _("Rebates by credit note")
    verb = "rebates.view_runs"
    export_verb = "rebates.export"
    rows = CreditNote.objects.for_list()
    search = ("reference",)
    search_label = _("Credit note number begins with")
    columns = [
        *WHOSE,
        Choice("state", tones=CreditNote.TONES),
        Day("issued_on", filter=False, phone=None),
        Text("reference", phone=None),
        WORTH,
    ]
    views = [
        View("due", _("To be issued"), lambda rows, actor: rows.due(), hot=True),
        View("issued", pgettext_lazy("credit notes", "Issued"), lambda rows, actor: rows.issued()),
        View("all", _("All")),
    ]
    order = "-pk"
    empty = Empty(
        _("No credit notes"),
        _("A payment by credit note stands here until the finance system has issued it."),
        icon="receipt-refund",
    )
