"""One posting of the ledger."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

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
    }
    return render(request, "rebates/posting.html", context)
