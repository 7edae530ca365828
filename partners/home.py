"""What the partners app shows on the first page of staff."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from prm.ui import home
from prm.ui.parts import Figure


def register() -> None:
    home.figure("staff", order=50, verb="partners.view")(active_partners)
    home.section("partner", template="partners/home_manager.html", order=90, width=5)(my_manager)


def active_partners(actor: Any) -> Figure:
    from partners.models import Partner

    found = Partner.objects.visible_to(actor).aggregate(
        active=Count("pk", filter=Q(status="active")),
        all=Count("pk"),
        joining=Count("pk", filter=Q(status__in=["applied", "screening", "onboarding"])),
    )
    return Figure(
        label=_("Active partners"),
        value=_("%(active)s of %(all)s") % found,
        note=_("%(count)s joining") % {"count": found["joining"]} if found["joining"] else "",
        href="/partners/",
    )


def my_manager(actor: Any) -> dict[str, Any] | None:
    """Whom a partner calls."""
    from partners.models import Partner
    from partners.querysets import managers_of

    partner = Partner.objects.visible_to(actor).filter(pk=actor.partner_id).first()
    managers = list(managers_of(partner)) if partner else []
    return {"managers": managers} if managers else None
