"""As what a statement is paid: by transfer, by credit note, into the partner's wallet for orders, or in goods.

A programme says `payout_as`; without it, by transfer. Where all that a statement owes is paid alike, that is the
statement's method; where its programmes differ it is "" and finance chooses, payment by payment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from rebates.models import Payment, Result, Version

METHOD = Payment.Method
WORDS = {
    "": _("in several ways: choose at the payment"),
    METHOD.TRANSFER: _("by transfer"),
    METHOD.WALLET: _("into the wallet for orders"),
    METHOD.GOODS: _("in goods"),
    METHOD.CREDIT_NOTE: _("by credit note"),
}


def methods_of(statements: Iterable[Any]) -> dict[int, str]:
    """By the id of each statement; left out where it is paid by transfer."""
    statements = list(statements)
    if not Version.objects.published().filter(policy__has_key="payout_as").exists():
        return {}
    rows = (
        Result.objects.for_everyone(because="of the statements that the caller has")
        .filter(
            run__in={one.run_id for one in statements}, partner__in={one.partner_id for one in statements}
        )
        .order_by()
        .values_list("run_id", "partner_id", "currency", "version__policy__payout_as")
        .distinct()
    )
    found: dict[tuple[int, int, str], set[str]] = defaultdict(set)
    for run_id, partner_id, currency, method in rows:
        found[run_id, partner_id, currency].add(method or METHOD.TRANSFER.value)
    said = {}
    for one in statements:
        methods = found.get((one.run_id, one.partner_id, one.currency), {METHOD.TRANSFER.value})
        if methods != {METHOD.TRANSFER.value}:
            said[one.pk] = methods.pop() if len(methods) == 1 else ""
    return said
