"""The list of goods that partners get instead of money."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.ui.lists import Amount, Choice, Day, Empty, Link, ListPage, Ref, Text, View
from rebates.models import GoodsDelivery


class GoodsList(ListPage):
    """What is still to be delivered?"""

    title = _("Rebates in goods")
    verb = "rebates.view_runs"
    export_verb = "rebates.export"
    rows = GoodsDelivery.objects.for_list()
    columns = [
        Link("payment__number", label=_("Payment")),
        Ref("payment__statement__partner", label=_("Partner"), phone="sub"),
        Text("what"),
        Choice("state", tones=GoodsDelivery.TONES),
        Day("delivered_on", filter=False, phone=None),
        Text("reference", phone=None),
        Amount("payment__amount", label=_("Amount"), currency="payment__statement__currency", places=2),
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
