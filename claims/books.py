"""What the ledger's pages know of claims: names of postings, and whether ledger and claims agree."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from prm.ledger.models import Entry
from prm.values.actor import Actor
from rebates import books

ZERO = Decimal("0.00")


def register() -> None:
    books.EVENTS.update(
        {
            "claims.approve": _("Price claim approved"),
            "claims.release": _("Payment of a price claim approved"),
            "claims.pay": _("Price claim paid"),
        }
    )
    books.further_checks.append(reconciled)


def reconciled(actor: Actor) -> list[books.Check]:
    """Owed for claims in the ledger = accepted in approved claims − paid; a difference would be a defect."""
    from claims.models import Claim, ClaimPayment

    entries = Entry.objects.visible_to(actor).filter(
        account__kind__in=("payable", "approved"), purpose__kind="claim"
    )
    owed: dict[str, Any] = dict(
        entries.order_by().values_list("account__currency").annotate(owed=-Sum("amount"))
    )
    claims = Claim.objects.visible_to(actor).decided().order_by()
    settled = dict(claims.values_list("currency").annotate(sum=Sum("approved_amount")))
    payments = ClaimPayment.objects.visible_to(actor).order_by()
    paid = dict(payments.values_list("claim__currency").annotate(sum=Sum("amount")))
    return [
        books.Check(
            code,
            owed.get(code) or ZERO,
            settled.get(code) or ZERO,
            paid.get(code) or ZERO,
            of=_("price claims"),
        )
        for code in sorted({*owed, *settled, *paid})
    ]
