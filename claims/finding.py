"""What the one box finds here: agreements and claims by their numbers."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.search import registry as search

SHORTEST_NUMBER = 3


def register() -> None:
    for name, label, icon, find, order, verb in (
        ("price_claims", _("Price claims"), "receipt-refund", find_claims, 66, "claims.view"),
        ("agreements", _("Special prices"), "discount", find_agreements, 67, "claims.view_agreements"),
    ):
        search.register(name, label=label, icon=icon, find=find, order=order, verb=verb)


def find_claims(actor: Any, text: str, limit: int) -> list[search.Row]:
    from claims.models import Claim

    if len(text) < SHORTEST_NUMBER:
        return []
    rows = Claim.objects.visible_to(actor).filter(number__startswith=text.upper()).select_related("partner")
    return [_row(row) for row in rows.order_by("-pk")[:limit]]


def find_agreements(actor: Any, text: str, limit: int) -> list[search.Row]:
    from claims.models import Agreement

    if len(text) < SHORTEST_NUMBER:
        return []
    rows = Agreement.objects.visible_to(actor).filter(number__istartswith=text).for_list()
    return [_row(row) for row in rows[:limit]]


def _row(row: Any) -> search.Row:
    return search.Row(
        str(row),
        row.get_absolute_url(),
        detail=row.partner.name,
        state=str(row.get_state_display()),
        tone=row.tone,
    )
