"""What is delivered to partners instead of money."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from rebates.goods_querysets import GoodsQuerySet
from rebates.models.awaited import Awaited
from rebates.models.statements import Payment


class GoodsDelivery(Awaited):
    """Goods worth a payment, that somebody delivers and says so. What is owed keeps its words."""

    class State(models.TextChoices):
        DUE = "due", pgettext_lazy("goods", "To be delivered")
        DELIVERED = "delivered", pgettext_lazy("goods", "Delivered")

    DONE = State.DELIVERED
    TRANSITIONS = {State.DUE: (State.DELIVERED,), State.DELIVERED: ()}
    TONES = {"due": "warn", "delivered": "ok"}

    payment = models.OneToOneField(Payment, models.PROTECT, related_name="goods")
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.DUE)
    what = models.TextField(_("what is delivered"))
    delivered_on = models.DateField(_("delivered on"), null=True)
    reference = models.CharField(_("delivery note"), max_length=100, blank=True)

    objects = GoodsQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery of goods")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="goods_are_named", condition=~models.Q(what="")),
            models.CheckConstraint(
                name="delivered_goods_have_a_day",
                condition=models.Q(state="due", delivered_on__isnull=True)
                | models.Q(state="delivered", delivered_on__isnull=False, confirmed_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["state", "id"], name="goods_by_state")]

    def get_absolute_url(self) -> str:
        return reverse("rebates:goods_delivered", args=[self.payment.number])

    @property
    def done_on(self) -> Any:
        return self.delivered_on
