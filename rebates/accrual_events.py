"""What happens to accruals in the ledger."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event("rebates.accruals_booked", version=1, label=_("Accruals of a month booked"))
class AccrualsBooked:
    month: str
    postings: int
