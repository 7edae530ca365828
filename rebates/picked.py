"""What can be picked for a policy: products, partners and programmes, by a part of their name or by their codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Q

from partners.models import Partner
from prm.catalogue import finding
from prm.values.actor import Actor
from rebates.models import Programme, Version

MOST = 20  # offered at once

Row = dict[str, str]


def _products(actor: Actor, text: str, codes: list[str], beside: Mapping[str, Any]) -> list[Row]:
    return finding.offered(text, codes)


def _partners(actor: Actor, text: str, codes: list[str], beside: Mapping[str, Any]) -> list[Row]:
    rows = Partner.objects.visible_to(actor).order_by("name", "pk")
    holds = Q(number__icontains=text) | Q(name__icontains=text)
    found = rows.filter(number__in=codes) if codes else rows.filter(holds)[:MOST]
    return [{"code": one.number, "name": one.name, "note": _kind_of(one)} for one in found]


def _kind_of(one: Partner) -> str:
    """Its type, and its state where it does not trade: its sales of before count all the same."""
    kind = str(one.get_type_display())
    return kind if one.status == Partner.Status.ACTIVE else f"{kind} · {one.get_status_display()}"


def _programmes(actor: Actor, text: str, codes: list[str], beside: Mapping[str, Any]) -> list[Row]:
    """Programmes that share a cap or stand in a stack with one that is settled as often and in the same currency."""
    rows = Programme.objects.visible_to(actor).order_by("code")
    if codes:
        return [_programme(one) for one in rows.filter(code__in=codes)]
    fits = Version.objects.published().filter(policy__period=beside.get("period") or "month")
    if beside.get("currency"):
        fits = fits.filter(policy__currency=beside["currency"])
    holds = Q(code__icontains=text) | Q(name__icontains=text) | Q(name_zh__icontains=text)
    found = rows.filter(holds, pk__in=fits.values("programme")).exclude(code=beside.get("code", ""))
    return [_programme(one) for one in found[:MOST]]


def _programme(one: Programme) -> Row:
    return {"code": one.code, "name": str(one), "note": ""}


OFFERED: dict[str, Callable[[Actor, str, list[str], Mapping[str, Any]], list[Row]]] = {
    "products": _products, "partners": _partners, "programmes": _programmes,
}  # fmt: skip
