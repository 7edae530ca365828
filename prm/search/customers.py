"""The one box finds end customers as the conflict check does: in any spelling, by number or tax number."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prm.customers.matching import find_matches
from prm.customers.models import EndCustomer
from prm.customfields.showing import found_by
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
    first = sorted(found, key=lambda row: place.get(row.pk, -1))
    rest = _by_own(actor, rows.exclude(pk__in=[row.pk for row in first]), plain, limit)
    return [
        Row(
            title=row.name,
            detail=" · ".join(filter(None, (row.number, row.region))),
            href=row.get_absolute_url(),
        )
        for row in [*first, *rest][:limit]
    ]


def _by_own(actor: Any, rows: Any, text: str, limit: int) -> Any:
    """Customers one of whose own texts holds `text`: they come after those that are called so."""
    own = found_by("customer", actor, text)
    return rows.filter(own).order_by("name")[:limit] if own else []
