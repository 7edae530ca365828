"""Pages about changes of a partner that somebody asked for: amended and handed in again, withdrawn."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from partners import amending, services
from partners.models import PartnerChange
from partners.services.changes import check_amendment
from partners.views import done, form_page, partner_of
from prm.access.decorators import requires
from prm.ui import refusals
from prm.values.errors import DomainError


@requires("partners.edit")
def amend(request: Any, pk: int, change_pk: int) -> HttpResponse:
    """What was sent back, as it was asked for, to be changed and handed in again."""
    partner = partner_of(request, pk)
    rows = PartnerChange.objects.visible_to(request.actor)
    change = get_object_or_404(rows, partner=partner, pk=change_pk)
    try:
        check_amendment(change, partner=partner, kind=change.kind, by=request.actor)
    except DomainError as refusal:
        messages.error(request, refusal.text)
        return redirect(partner)
    form, service, fixed = amending.of(
        change, partner, request.POST or None, request.FILES or None, actor=request.actor
    )
    if form.is_valid() and form.run(service, partner=partner, by=request.actor, **fixed):
        return done(request, form.result)
    note = _("%(who)s asks for changes: %(text)s") % {
        "who": change.returned_by_label, "text": change.returned_text
    }  # fmt: skip
    title = _("Change what was asked for: %(what)s") % {"what": change.get_kind_display()}
    return form_page(request, partner, form, title, _("Hand in again"), note=note)


@require_POST
@requires("partners.edit")
def withdraw(request: Any, pk: int, change_pk: int) -> HttpResponse:
    partner = partner_of(request, pk)
    rows = PartnerChange.objects.visible_to(request.actor)
    change = get_object_or_404(rows, partner=partner, pk=change_pk)
    with refusals.told(request):
        services.withdraw_change(change=change, by=request.actor)
        messages.success(request, _("Withdrawn. Nothing was changed."))
    return redirect(partner)
