"""The list of partners."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from prm.ui.lists import Choice, Create, Empty, Link, ListPage, Text, View, When
from prm.values import clock

TONES = {
    "active": "ok",
    "onboarding": "live",
    "screening": "live",
    "applied": "live",
    "suspended": "warn",
    "exiting": "warn",
    "rejected": "bad",
}


def tier_of(row: Any) -> str:
    """The tier's name in the reader's language, from the annotations of `with_tier`."""
    chinese = (get_language() or "").startswith("zh")
    return (row.tier_name_zh if chinese and row.tier_name_zh else row.tier_name) or ""


class PartnerList(ListPage):
    """Who are they?"""

    title = _("Partners")
    verb = "partners.view"
    subject = "partner"
    export_verb = "partners.export"
    columns = [
        Link("name", sort=True),
        Text("number", sort=True, css="ui-fig ui-sub"),
        Choice("type", filter=True, tones={}, phone="sub"),
        Text("tier_code", label=_("Tier"), value=tier_of, phone="b"),
        Choice("status", filter=True, tones=TONES),
        Text("region", filter=True),
        When("status_since", label=_("State since")),
    ]
    order = "name"
    search = ("name", "number", "tax_number")
    search_label = _("Name, number, tax number")
    views = [
        View("active", _("Active"), lambda rows, actor: rows.filter(status="active")),
        View("all", _("All")),
        View("joining", _("Joining"), lambda rows, actor: rows.filter(status__in=JOINING)),
        View("suspended", _("Suspended"), lambda rows, actor: rows.filter(status="suspended")),
        View(
            "untiered", _("Without a tier"), lambda rows, actor: rows.filter(status="active", tier_code=None)
        ),
    ]
    create = Create(_("Add a partner"), "partners:create", "partners.create")
    empty = Empty(
        _("No partner yet"),
        _("Partners are the companies that sell for you. Add one, or import your list."),
        icon="building-store",
        import_url="/imports/new/?kind=partners",
    )

    def get_rows(self, actor: Any) -> QuerySet:
        return Partner.objects.with_tier(clock.today())


JOINING = ("prospect", "applied", "screening", "onboarding")
