"""One posting of the ledger."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from partners.models import Partner
from prm.access.decorators import requires
from prm.ledger.models import Transaction
from prm.ui.doers import known_doer
from rebates.books import event_name


@requires("ledger.view")
def posting(request: Any, pk: int) -> HttpResponse:
    found = get_object_or_404(Transaction.objects.visible_to(request.actor).for_detail(), pk=pk)
    partner = Partner.objects.visible_to(request.actor).filter(pk=found.partner_id).first()
    context = {
        "posting": found,
        "posted_by": known_doer(found.posted_by),
        "partner": partner,
        "name": event_name(found),
        "entries": found.entries.all(),
        "beside": _beside(found),
    }
    return render(request, "rebates/posting.html", context)


def _beside(posting: Transaction) -> list[tuple[str, str, Transaction]]:
    """What it takes back, and what takes it back: (what that is to it, its name, the posting)."""
    found = [(_("Reversed by"), one) for one in posting.reversed_by.all()]
    if posting.reverses is not None:
        found.append((_("Reverses"), posting.reverses))
    return [(label, event_name(one), one) for label, one in found]
