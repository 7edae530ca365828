"""Rebates that are no transfers: wallets for orders, and goods."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from partners.models import Partner
from prm.access.decorators import requires
from prm.ui import formats
from rebates import services
from rebates.models import GoodsDelivery
from rebates.payout_forms import DeliveredForm
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
    statement = goods.payment.statement
    if goods.state == GoodsDelivery.State.DELIVERED:
        return redirect(statement)
    form = DeliveredForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid() and form.run(services.confirm_delivery, goods=goods, by=request.actor):
        messages.success(request, _("Delivery confirmed."))
        return redirect(statement)
    worth = formats.money(goods.payment.amount, statement.currency)
    context = {"form": form, "goods": goods, "statement": statement, "worth": worth}
    return render(request, "rebates/goods_delivered.html", context, status=form.status)
