"""Products by a part of their code or name: for the one box of search, and where products are picked."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from prm.catalogue.models import Product

MOST = 20  # offered at once


def named(text: str) -> Q:
    """Products in whose code or one of whose names `text` occurs; an index serves each part."""
    return Q(code__icontains=text) | Q(name__icontains=text) | Q(name_zh__icontains=text)


def offered(text: str, codes: Sequence[str]) -> list[dict[str, str]]:
    """What a field of product codes offers for `text`, of what is sold; with `codes` those products, also old ones."""
    rows = Product._default_manager.select_related("product_line").order_by("code")
    found = rows.filter(code__in=codes) if codes else rows.filter(named(text), is_active=True)[:MOST]
    return [{"code": one.code, "name": str(one), "note": str(one.product_line)} for one in found]
