"""The one box finds end customers as the conflict check does: in any spelling, by number or tax number."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prm.customers.matching import find_matches
from prm.customers.models import EndCustomer
from prm.search.registry import Row, register


def register_customers() -> None:
    register(
        "customers",
        label=_("End customers"),
        icon="buildings",
        find=find,
        order=30,
        verb="customers.view",
        more=lambda text: f"/customers/?q={quote(text)}",
    )


def find(actor: Any, text: str, limit: int) -> list[Row]:
    """Customers that `text` could mean, the likeliest first; without text none."""
    if not text:
        return []
    ranked = [match.customer_id for match in find_matches(name=text, limit=limit)]
    plain = text.strip()
    rows = EndCustomer.objects.visible_to(actor).living()
    found = rows.filter(Q(pk__in=ranked) | Q(number=plain.upper()) | Q(tax_number=plain.upper()))
    place = {pk: number for number, pk in enumerate(ranked)}
    return [
        Row(
            title=row.name,
            detail=" · ".join(filter(None, (row.number, row.region))),
            href=row.get_absolute_url(),
        )
        for row in sorted(found, key=lambda row: place.get(row.pk, -1))[:limit]
    ]
