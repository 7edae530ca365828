"""Lists of products and product lines, for staff."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.catalogue.models import Product, ProductLine
from prm.ui.lists import Amount, Create, Empty, Flag, Link, ListPage, Ref, Text, View

OF_THE_TENANT = "the catalogue belongs to no partner; staff with catalogue.view read it"


class ProductList(ListPage):
    """What do we sell?"""

    title = _("Products")
    subject = "product"
    verb = "catalogue.view"
    export_verb = "catalogue.export"
    open_because = OF_THE_TENANT
    rows = Product._default_manager.select_related("product_line")
    columns = [
        Link("name", to=lambda row: reverse("catalogue:product", args=[row.pk])),
        Text("code", sort=True, css="ui-fig ui-sub"),
        Ref("product_line", filter=True),
        Text("unit"),
        Amount("list_price", currency="currency", places=2, total=False),
        Flag("is_active", filter=True),
    ]
    order = "code"
    search = ("name", "name_zh", "code")
    search_label = _("Name, code")
    views = [
        View("active", _("Sold"), lambda rows, actor: rows.filter(is_active=True)),
        View("all", _("All")),
    ]
    create = Create(_("Add a product"), "catalogue:product_new", "catalogue.edit")
    empty = Empty(
        _("No product yet"),
        _("Partners order products from price lists. Add one, or import your catalogue."),
        icon="package",
        import_url="/imports/new/?kind=products",
    )


class ProductLineList(ListPage):
    """Which groups of products are protected and rebated together?"""

    title = _("Product lines")
    verb = "catalogue.view"
    export_verb = "catalogue.export"
    open_because = OF_THE_TENANT
    rows = ProductLine._default_manager.all()
    columns = [
        Link("name", to=lambda row: reverse("catalogue:line", args=[row.pk])),
        Text("name_zh", phone="sub"),
        Text("code", sort=True, css="ui-fig ui-sub"),
        Flag("is_active", filter=True),
    ]
    order = "code"
    search = ("name", "name_zh", "code")
    create = Create(_("Add a product line"), "catalogue:line_new", "catalogue.edit")
    empty = Empty(
        _("No product line yet"),
        _("Deals are registered and rebates earned by product line."),
        icon="package",
    )
