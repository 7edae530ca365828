"""What the one box finds here: statements, settlements, programmes and payments."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from babel.core import Locale
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prm.search import registry as search
from prm.ui import formats

NUMERALS = {word: month for month, word in enumerate("一 二 三 四 五 六 七 八 九 十 十一 十二".split(), 1)}
NAMES = {month: name.casefold() for month, name in Locale("en").months["format"]["wide"].items()}
SHORTEST_NUMBER = 3


def register() -> None:
    for name, label, icon, find, order, verb, more in (
        ("statements", _("Statements"), "receipt", find_statements, 60, "rebates.view", None),
        ("runs", _("Settlements"), "calculator", find_runs, 61, "rebates.view_runs", None),
        (
            "programmes", _("Rebate programmes"), "percentage", find_programmes, 62, "rebates.view_programmes",
            lambda text: f"/programmes/?{urlencode({'q': text})}",
        ),
        ("payments", _("Payments"), "cash", find_payments, 63, "rebates.view", None),
    ):  # fmt: skip
        search.register(name, label=label, icon=icon, find=find, order=order, verb=verb, more=more)


def month_meant(text: str) -> tuple[int | None, int] | None:
    """(year or None, month) that people mean: "October 2026", "Oct", "2026-10", "2026年10月", "十月"."""
    text = text.casefold().strip()
    found = re.fullmatch(r"(?:(\d{4})\s*年\s*)?(\d{1,2}|[一二三四五六七八九十]{1,2})\s*月?份?", text)
    if found and ("月" in text or "年" in text):
        return _month(found[1], NUMERALS.get(found[2]) or found[2])
    if found := re.fullmatch(r"(\d{4})[-/.](\d{1,2})", text):
        return _month(found[1], found[2])
    found = re.fullmatch(r"(?:(\d{4})\s+)?([a-z]{3,})\.?(?:\s+(\d{4}))?", text)
    if found:
        for month, name in NAMES.items():
            if name.startswith(found[2]):
                return _month(found[1] or found[3], month)
    return None


def _month(year: Any, month: Any) -> tuple[int | None, int] | None:
    month = int(month) if str(month).isdecimal() else 0
    return (int(year) if year else None, month) if 1 <= month <= 12 else None


def find_statements(actor: Any, text: str, limit: int) -> list[search.Row]:
    """Visible statements by number."""
    from rebates.models import Statement

    if len(text) < SHORTEST_NUMBER:
        return []
    rows = Statement.objects.visible_to(actor).select_related("partner").numbered(text)
    return [search.Row(row.number, row.get_absolute_url(), detail=row.partner.name) for row in rows[:limit]]


def find_runs(actor: Any, text: str, limit: int) -> list[search.Row]:
    """Settlements by number, or by their month in words; a tenant has one a month."""
    from rebates.lists import RUN_TONES
    from rebates.models import SettlementRun

    if not text:
        return []
    runs = SettlementRun.objects.visible_to(actor).for_list()
    meant = month_meant(text)
    runs = runs.of_month(*meant) if meant else runs.filter(number__icontains=text)
    return [
        search.Row(
            run.number, run.get_absolute_url(), detail=formats.month(run.starts),
            state=str(run.get_state_display()), tone=RUN_TONES.get(run.state, ""),
        )
        for run in runs[:limit]
    ]  # fmt: skip


def find_programmes(actor: Any, text: str, limit: int) -> list[search.Row]:
    """Programmes by code or either name; a tenant has dozens."""
    from rebates.models import Programme

    if not text:
        return []
    named = Q(name__icontains=text) | Q(name_zh__icontains=text) | Q(code__icontains=text)
    rows = Programme.objects.visible_to(actor).filter(named).order_by("code")
    return [search.Row(str(row), row.get_absolute_url(), detail=row.code) for row in rows[:limit]]


def find_payments(actor: Any, text: str, limit: int) -> list[search.Row]:
    """Visible payments by number or the bank's reference; a row opens the statement that it pays."""
    from rebates.models import Payment

    if len(text) < SHORTEST_NUMBER:
        return []
    rows = Payment.objects.visible_to(actor).for_list().found_by(text)
    return [
        search.Row(
            row.number,
            row.statement.get_absolute_url(),
            detail=" · ".join(
                filter(None, [row.reference, "" if actor.is_partner else row.statement.partner.name])
            ),
        )
        for row in rows[:limit]
    ]
