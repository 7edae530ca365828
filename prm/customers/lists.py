"""The list of end customers, for staff."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.customers.matching import find_matches
from prm.customers.models import EndCustomer
from prm.ui.lists import Create, Empty, Flag, Link, ListPage, Text, View, When

FOUND_BY_NAME = 50


class CustomerList(ListPage):
    """Whom do our partners sell to?"""

    title = _("End customers")
    verb = "customers.view"
    subject = "customer"
    export_verb = "customers.export"
    open_because = "end customers belong to no partner; staff with customers.view read them"
    columns = [
        Link("name", sort=True, to=lambda row: reverse("customers:detail", args=[row.number])),
        Text("number", sort=True, css="ui-fig ui-sub"),
        Text("tax_number", css="ui-fig", phone="sub"),
        Text("domain"),
        Text("region"),
        Flag("named_account", filter=True),
        Flag("direct_only", filter=True),
        When("created_at", label=_("On file since"), sort=True),
    ]
    order = "name"
    search = ("name", "number", "tax_number")
    search_label = _("Name in any spelling, number, tax number")
    views = [
        View("all", _("All"), counted=False),
        View(
            "provisional", _("Typed by partners"), lambda rows, actor: rows.filter(provisional=True), hot=True
        ),
        View(
            "named", _("Named accounts"), lambda rows, actor: rows.filter(named_account=True), counted=False
        ),
        View(
            "direct", _("Direct sales only"), lambda rows, actor: rows.filter(direct_only=True), counted=False
        ),
    ]
    create = Create(_("Add a customer"), "customers:create", "customers.edit")
    empty = Empty(
        _("No end customer yet"),
        _("Customers come on file when partners register deals. Import those you already know."),
        icon="buildings",
        import_url="/imports/new/?kind=customers",
    )

    def get_rows(self, actor: Any) -> QuerySet:
        return EndCustomer.objects.for_list()

    def find(self, rows: QuerySet, text: str) -> QuerySet:
        """By number or tax number, by the beginning of the name, or by the name as the conflict check finds it."""
        alike = [match.customer_id for match in find_matches(name=text[:200], limit=FOUND_BY_NAME)]
        plain = text.strip()
        return rows.filter(
            Q(pk__in=alike)
            | Q(number=plain.upper())
            | Q(tax_number=plain.upper())
            | Q(name__startswith=plain)
        )
