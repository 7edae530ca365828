"""What the one box finds here: payouts and bank accounts, by their numbers and the bank's reference."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prm.search import registry as search
from prm.ui import formats

SHORTEST_NUMBER = 3


def register() -> None:
    for name, label, icon, find, order, verb in (
        ("payouts", _("Payouts"), "file-export", find_payouts, 64, "payouts.view"),
        ("bank_accounts", _("Bank accounts"), "building-bank", find_accounts, 65, "payouts.view_accounts"),
    ):
        search.register(name, label=label, icon=icon, find=find, order=order, verb=verb)


def find_payouts(actor: Any, text: str, limit: int) -> list[search.Row]:
    """Payouts by number or by the bank's reference; a tenant has a few a month."""
    from payouts.models import Batch

    if len(text) < SHORTEST_NUMBER:
        return []
    found = Q(number__startswith=text.upper()) | Q(reference__icontains=text)
    rows = Batch.objects.visible_to(actor).for_list().filter(found)
    return [
        search.Row(
            row.number, row.get_absolute_url(), detail=formats.month(row.run.starts),
            state=str(row.get_state_display()), tone=row.tone,
        )
        for row in rows[:limit]
    ]  # fmt: skip


def find_accounts(actor: Any, text: str, limit: int) -> list[search.Row]:
    """Visible bank accounts by the number of the record, never by that of the account."""
    from payouts.models import BankAccount

    if len(text) < SHORTEST_NUMBER:
        return []
    rows = BankAccount.objects.visible_to(actor).for_list().filter(number__startswith=text.upper())
    return [
        search.Row(
            row.number, row.get_absolute_url(), detail=f"{row.partner.name} · {row.masked}",
            state=str(row.get_state_display()), tone=row.tone,
        )
        for row in rows[:limit]
    ]  # fmt: skip
