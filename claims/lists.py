"""Lists of agreements, claims, reports and price drops."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from claims.models import Agreement, Claim, PriceDrop, SellThroughLine, StockLine
from prm.ui.lists import (
    Amount,
    Between,
    Choice,
    Count,
    Create,
    Day,
    Empty,
    Link,
    ListPage,
    Number,
    Ref,
    Text,
    View,
)


def whose(actor: Any) -> list[Any]:
    """The column of partners, for those who see several."""
    return [] if actor.is_partner else [Ref("partner", label=_("Partner"), filter=True, phone="sub")]


class AgreementList(ListPage):
    """Which special prices are agreed, and what is used of them?"""

    title = _("Special prices")
    verb = "claims.view_agreements"
    export_verb = "claims.export"
    rows = Agreement.objects.for_list()
    order = "-pk"
    search = ("number", "partner__name")
    search_label = _("Number, partner")
    create = Create(_("Enter agreement"), "claims:agreement_new", "claims.enter_agreement")
    empty = Empty(
        _("No special-price agreement yet"),
        _("It says at which prices a partner sells to an end customer, within which limits and days."),
        icon="discount",
    )

    def get_views(self, actor: Any) -> list[View]:
        if actor.is_partner:
            return []
        return [
            View("all", _("All")),
            View(
                "waiting", _("To be approved"), lambda rows, actor: rows.waiting().order_by("-id"), hot=True
            ),
        ]

    def get_columns(self, actor: Any) -> list[Any]:
        customer = [] if actor.is_partner else [Text("end_customer", label=_("End customer"))]
        return [
            Link("number"),
            Number("version"),
            *whose(actor),
            *customer,
            Day("starts", filter=Between),
            Day("last_day", label=_("Last day"), value=lambda row: row.last_day, phone="sub"),
            Amount("used_amount", label=_("Used"), currency="currency", places=2),
            Amount("amount_limit", currency="currency", places=2, total=False, phone=None),
            Choice("state", filter=True, tones=Agreement.TONES),
        ]


class ClaimList(ListPage):
    """What is claimed, and what waits?"""

    title = _("Price claims")
    verb = "claims.view"
    export_verb = "claims.export"
    rows = Claim.objects.for_list()
    order = "-pk"
    search = ("number", "agreement_number", "partner__name")
    search_label = _("Number, agreement, partner")
    create = Create(_("Draft a claim"), "claims:claim_new", "claims.submit")
    empty = Empty(
        _("No price claim yet"),
        _("Report sales that name an agreement, then claim the difference between basis and agreed price."),
        icon="receipt-refund",
    )

    def get_views(self, actor: Any) -> list[View]:
        """What waits is marked for whom it waits: partners only look."""
        return [
            View("all", _("All")),
            View(
                "decide",
                _("To be decided"),
                lambda rows, by: rows.to_decide(),
                hot="claims.decide" in actor.permissions,
            ),
            View("pay", _("To be paid"), lambda rows, by: rows.to_pay()),
        ]

    def get_columns(self, actor: Any) -> list[Any]:
        return [
            Link("number"),
            *whose(actor),
            Choice("kind", filter=True, tones={}, phone=None, hidden=True, optional=True),
            Text(
                "subject",
                label=_("Agreement or price drop"),
                value=lambda row: row.subject,
                phone="sub" if actor.is_partner else None,
            ),
            Day("starts", label=_("Sold from"), filter=Between),
            Day("last_day", label=_("Sold until")),
            Count("line_count", label=_("Lines")),
            Count("rejected_count", label=_("Rejected")),
            Amount("asked", currency="currency", places=2, phone=None),
            Amount("approved_amount", currency="currency", places=2),
            Amount("paid_amount", currency="currency", places=2, phone=None),
            Choice("state", filter=True, tones=Claim.TONES),
        ]


class SellThroughList(ListPage):
    """What did partners sell on?"""

    title = _("Sell-through")
    verb = "claims.view"
    export_verb = "claims.export"
    rows = SellThroughLine.objects.for_list()
    order = "-pk"
    template = "claims/reports.html"
    search = ("line_number", "document", "agreement_number", "customer_name", "product__code")
    search_label = _("Line, invoice, agreement, customer, product")
    empty = Empty(
        _("Nothing reported yet"),
        _(
            "Point-of-sale reports come in as a spreadsheet; what is reported never changes, a return takes it back."
        ),
        icon="shopping-cart",
    )

    def get_columns(self, actor: Any) -> list[Any]:
        return [
            Text("line_number", phone="a"),
            *whose(actor),
            Day("day", filter=Between, phone="sub"),
            Text(
                "product__code",
                label=_("Product"),
                phone="sub",
                value=lambda row: f"{row.product.code} {row.product}",
            ),
            Number("quantity", places=None, phone="b"),
            Text("customer_name"),
            Text("document"),
            Text("agreement_number", filter=True),
            Text("reverses", label=_("Takes back"), value=lambda row: row.reverses),
        ]

    views = [
        View("all", _("All")),
        View("open", _("Not claimed yet"), lambda rows, actor: rows.to_claim()),
    ]

    def context(self, actor: Any) -> dict[str, Any]:
        return {"import_kind": "sell-through", "may_import": "claims.report" in actor.permissions}


class StockList(ListPage):
    """What lies in stock?"""

    title = _("Stock reports")
    verb = "claims.view"
    export_verb = "claims.export"
    rows = StockLine.objects.for_list()
    order = "-pk"
    template = "claims/reports.html"
    search = ("product__code", "partner__name")
    search_label = _("Product, partner")
    empty = Empty(
        _("No stock reported yet"),
        _("Stock by day and product, as a spreadsheet. Claims on price drops read it."),
        icon="building-warehouse",
    )

    def get_columns(self, actor: Any) -> list[Any]:
        return [
            Text(
                "product__code",
                label=_("Product"),
                phone="a",
                value=lambda row: f"{row.product.code} {row.product}",
            ),
            *whose(actor),
            Day("day", filter=Between, phone="sub"),
            Number("quantity", places=None, phone="b"),
            Text("recorded_by"),
        ]

    def context(self, actor: Any) -> dict[str, Any]:
        return {"import_kind": "stock", "may_import": "claims.report" in actor.permissions}


class DropList(ListPage):
    """Which prices dropped?"""

    title = _("Price drops")
    verb = "claims.view"
    exports = False
    rows = PriceDrop.objects.for_list()
    order = "-pk"
    search = ("number", "product__code", "product__name")
    search_label = _("Number, product")
    create = Create(_("Enter price drop"), "claims:drop_new", "claims.enter_drop")
    empty = Empty(
        _("No price drop yet"),
        _(
            "When a product becomes cheaper, partners claim the difference on what they had in stock that day."
        ),
        icon="sort-descending",
    )
    columns = [
        Link("number"),
        Text(
            "product__code",
            label=_("Product"),
            phone="sub",
            value=lambda row: f"{row.product.code} {row.product}",
        ),
        Day("day", filter=Between),
        Amount("old_price", currency="currency", places=2, total=False, phone=None),
        Amount("new_price", currency="currency", places=2, total=False),
        Number("days_back"),
        Choice("state", filter=True, tones=PriceDrop.TONES),
    ]
