"""The page of accruals: a sum for each programme and period, then the partners, searched, narrowed and page by page.

Accruals are kept and computed, not rows of a table, so this is no ListPage; it is asked in the same words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q

from partners.models import Partner
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import wording
from rebates.accruals import Accrual, accruals
from rebates.group_words import band_of

ZERO = Decimal("0.00")
A_PAGE = 50
SORTS = ("amount", "partner")


@dataclass(frozen=True)
class Asked:
    """What the address asks for; what cannot be read is as if it were not asked."""

    text: str = ""
    programme: str = ""
    period: str = ""
    sort: str = "amount"
    page: int = 1

    @classmethod
    def of(cls, said: Any) -> Asked:
        page = said.get("page", "")
        sort = said.get("sort", "")
        return cls(
            text=said.get("q", "").strip()[:100], programme=said.get("programme", "")[:60],
            period=said.get("period", "")[:10], sort=sort if sort in SORTS else SORTS[0],
            page=int(page) if page.isdecimal() and 0 < len(page) < 7 else 1,
        )  # fmt: skip

    @property
    def is_narrowed(self) -> bool:
        return bool(self.text or self.programme or self.period)

    def takes(self, one: Accrual) -> bool:
        return self.programme in ("", one.programme.code) and self.period in ("", str(one.period))

    def address(self, **other: Any) -> str:
        """The same question with something else in it; a narrower one begins on its first page."""
        asked = replace(self, **({"page": 1} | other))
        said = {
            "q": asked.text, "programme": asked.programme, "period": asked.period,
            "sort": "" if asked.sort == SORTS[0] else asked.sort, "page": "" if asked.page == 1 else asked.page,
        }  # fmt: skip
        return "?" + urlencode({name: value for name, value in said.items() if value})


def page_of(asked: Asked, actor: Actor) -> dict[str, Any]:
    """What the page shows: `groups`, `rows` of this page, `choices` of the filters, and the ways to other pages."""
    found = accruals(by=actor, partners=_found_by(asked.text, actor))
    narrowed = [one for one in found if asked.takes(one)]
    names = _names(narrowed, actor) if asked.sort == "partner" else {}
    narrowed.sort(
        key=lambda one: (
            (names.get(one.partner_id, ""), one.partner_id) if names else (-one.amount, one.partner_id),
            one.programme.code,
            one.period,
        )
    )
    last = max(1, -(-len(narrowed) // A_PAGE))
    page = min(asked.page, last)
    first = (page - 1) * A_PAGE
    shown = narrowed[first : first + A_PAGE]
    asked = replace(asked, page=page)
    return {
        "asked": asked,
        "groups": _groups(narrowed, asked),
        "rows": _rows(shown, actor),
        "count": len(narrowed),
        "first": first + 1,
        "last": first + len(shown),
        "newer": asked.address(page=page - 1) if page > 1 else "",
        "older": asked.address(page=page + 1) if page < last else "",
        "by_amount": asked.address(sort="amount"),
        "by_partner": asked.address(sort="partner"),
        "all": Asked().address(),
        "programmes": sorted({(one.programme.code, str(one.programme)) for one in found}),
        "periods": sorted({one.period for one in found}),
    }


def _found_by(text: str, actor: Actor) -> list[int] | None:
    """The partners that a search means, by name or number; None where nothing is searched for."""
    if not text:
        return None
    rows = Partner.objects.visible_to(actor).filter(Q(name__icontains=text) | Q(number__icontains=text))
    return list(rows.values_list("pk", flat=True))


def _names(found: Iterable[Accrual], actor: Actor) -> dict[int, str]:
    rows = Partner.objects.visible_to(actor).filter(pk__in={one.partner_id for one in found})
    return dict(rows.values_list("pk", "name"))


def _rows(shown: list[Accrual], actor: Actor) -> list[dict[str, Any]]:
    partners = Partner.objects.visible_to(actor).in_bulk({one.partner_id for one in shown})
    tiers = wording.tier_names(one.tier for one in shown)
    return [
        {
            "accrual": one, "partner": partners.get(one.partner_id), "tier": tiers[one.tier],
            "band": band_of(one),
        }
        for one in shown
    ]  # fmt: skip


def _groups(found: Iterable[Accrual], asked: Asked) -> list[dict[str, Any]]:
    """By programme, period and currency: how many partners accrue, on what base, and how much."""
    groups: dict[tuple[str, Period, str], dict[str, Any]] = {}
    for one in found:
        group = groups.setdefault(
            (one.programme.code, one.period, one.currency),
            {
                "programme": one.programme, "period": one.period, "currency": one.currency, "partners": 0,
                "base": ZERO, "total": ZERO,
                "address": asked.address(programme=one.programme.code, period=str(one.period)),
            },
        )  # fmt: skip
        group["partners"] += 1
        group["base"] += one.base
        group["total"] += one.amount
    return [groups[key] for key in sorted(groups, key=lambda key: (key[0], key[1], key[2]))]
