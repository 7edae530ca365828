"""Rebates that are no transfers: wallets for orders, goods, and credit notes."""

from __future__ import annotations

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
    form = DeliveredForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if goods.state == GoodsDelivery.State.DELIVERED:
        return redirect(goods.payment.statement)
    if form.is_valid() and form.run(services.confirm_delivery, goods=goods, by=request.actor):
        messages.success(request, _("Delivery confirmed."))
        return redirect(goods.payment.statement)
    heading = _("Goods for %(partner)s") % {"partner": goods.payment.statement.partner.name}
    words = {"heading": heading, "submit": _("Confirm delivery"), "what": goods.what}
    return _confirmation(request, form, goods, words, ("rebates:goods", GoodsList.title))


@requires("rebates.pay")
def issued(request: Any, number: str) -> HttpResponse:
    """The credit note of a payment was issued: when, and under which number."""
    rows = CreditNote.objects.visible_to(request.actor).for_list()
    note = get_object_or_404(rows, payment__number=number)
    form = IssuedForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if note.state == CreditNote.State.ISSUED:
        return redirect(note.payment.statement)
    if form.is_valid() and form.run(services.confirm_credit_note, note=note, by=request.actor):
        messages.success(request, _("Credit note confirmed."))
        return redirect(note.payment.statement)
    heading = _("Credit note for %(partner)s") % {"partner": note.payment.statement.partner.name}
    words = {"heading": heading, "submit": _("Confirm credit note"), "what": ""}
    return _confirmation(request, form, note, words, ("rebates:credit_notes", CreditNoteList.title))


def _confirmation(
    request: Any,
    form: Any,
    awaited: GoodsDelivery | CreditNote,
    words: dict[str, str],
    crumb: tuple[str, Any],
) -> HttpResponse:
    payment = awaited.payment
    worth = formats.money(payment.amount, payment.statement.currency)
    context = words | {"form": form, "payment": payment, "statement": payment.statement, "worth": worth}
    context |= {"list_url": reverse(crumb[0]), "list_title": crumb[1]}
    return render(request, "rebates/payment_awaits.html", context, status=form.status)
