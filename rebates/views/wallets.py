"""Rebates that are no transfers: wallets for orders, goods, and credit notes."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from partners.models import Partner
from prm.access.decorators import requires
from prm.ui import formats
from rebates import services
from rebates.goods_lists import CreditNoteList, GoodsList
from rebates.models import CreditNote, GoodsDelivery
from rebates.payout_forms import DeliveredForm, IssuedForm
from rebates.wallets import movements, wallets


@require_GET
@requires("rebates.view")
def mine(request: Any) -> HttpResponse:
    """How much is in my company's wallet, and where does it come from? Staff go to all wallets."""
    if not request.actor.is_partner:
        return redirect("rebates:wallets")
    own = get_object_or_404(Partner.objects.visible_to(request.actor), pk=request.actor.partner_id)
    context = {
        "partner": own, "wallets": wallets(request.actor, partner_id=own.pk),
        "movements": movements(request.actor, partner_id=own.pk),
    }  # fmt: skip
    return render(request, "rebates/wallet.html", context)


@require_GET
@requires("rebates.view_runs")
def everybody(request: Any) -> HttpResponse:
    """What stands in the partners' wallets?"""
    return render(request, "rebates/wallets.html", {"wallets": wallets(request.actor)})


@requires("rebates.pay")
def delivered(request: Any, number: str) -> HttpResponse:
    """The goods of a payment are there: when, and by which delivery note."""
    rows = GoodsDelivery.objects.visible_to(request.actor).for_list()
    goods = get_object_or_404(rows, payment__number=number)
    words = {
        "heading": _("Goods for %(partner)s") % {"partner": goods.payment.statement.partner.name},
        "submit": _("Confirm delivery"), "done": _("Delivery confirmed."), "what": goods.what,
        "list_url": reverse("rebates:goods"), "list_title": GoodsList.title,
    }  # fmt: skip
    return _confirm(request, goods, DeliveredForm, partial(services.confirm_delivery, goods=goods), words)


@requires("rebates.pay")
def issued(request: Any, number: str) -> HttpResponse:
    """The credit note of a payment was issued: when, and under which number."""
    rows = CreditNote.objects.visible_to(request.actor).for_list()
    note = get_object_or_404(rows, payment__number=number)
    words = {
        "heading": _("Credit note for %(partner)s") % {"partner": note.payment.statement.partner.name},
        "submit": _("Confirm credit note"), "done": _("Credit note confirmed."), "what": "",
        "list_url": reverse("rebates:credit_notes"), "list_title": CreditNoteList.title,
    }  # fmt: skip
    return _confirm(request, note, IssuedForm, partial(services.confirm_credit_note, note=note), words)


def _confirm(
    request: Any, awaited: GoodsDelivery | CreditNote, form_class: Any, service: Any, words: dict[str, Any]
) -> HttpResponse:
    """What a payment waited for is there; once that is said, its statement says it."""
    payment = awaited.payment
    statement = payment.statement
    if awaited.state == awaited.DONE:
        return redirect(statement)
    form = form_class(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid() and form.run(service, by=request.actor):
        messages.success(request, words["done"])
        return redirect(statement)
    worth = formats.money(payment.amount, statement.currency)
    context = words | {"form": form, "payment": payment, "statement": statement, "worth": worth}
    return render(request, "rebates/payment_awaits.html", context, status=form.status)
