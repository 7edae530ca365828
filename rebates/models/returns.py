"""Payments that the bank sent back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.ui.doers import doer
from prm.values import clock
from rebates.models.statements import Payment
from rebates.return_querysets import ReturnQuerySet


class PaymentReturn(models.Model):
    """Somebody says that the bank returned a booked payment; another confirms it, and the ledger takes it back."""

    class State(models.TextChoices):
        REPORTED = "reported", pgettext_lazy("returned payment", "To be confirmed")
        CONFIRMED = "confirmed", pgettext_lazy("returned payment", "Returned")
        REFUSED = "refused", pgettext_lazy("returned payment", "Not returned")

    TRANSITIONS = {
        State.REPORTED: (State.CONFIRMED, State.REFUSED),
        State.CONFIRMED: (),
        State.REFUSED: (),
    }
    PARTNER_PATH = "payment__statement__partner"

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="returns")
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.REPORTED)
    returned_on = models.DateField(_("returned on"))
    reason = models.CharField(_("reason"), max_length=300)
    # The account itself is wrong: nothing is paid to it any more by a file.
    wrong_account = models.BooleanField(_("the account is wrong"), default=False)
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reported_by_label = models.CharField(_("reported by"), max_length=200)
    reported_at = models.DateTimeField(default=clock.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_by_label = models.CharField(_("decided by"), max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(_("decision"), max_length=300, blank=True)

    objects = ReturnQuerySet.as_manager()

    class Meta:
        verbose_name = _("returned payment")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["payment"], name="payment_returned_once", condition=~models.Q(state="refused")
            ),
            models.CheckConstraint(name="return_has_a_reason", condition=~models.Q(reason="")),
            models.CheckConstraint(
                name="return_confirmed_by_another",
                condition=~models.Q(state="confirmed")
                | models.Q(reported_by__isnull=True)
                | models.Q(decided_by__isnull=True)
                | ~models.Q(decided_by=models.F("reported_by")),
            ),
        ]

    def __str__(self) -> str:
        return self.payment.number

    def get_absolute_url(self) -> str:
        return reverse("rebates:payment_return", args=[self.payment.number])

    @property
    def reporter(self) -> str:
        return doer(self.reported_by_label, self.reported_by_id)

    @property
    def decider(self) -> str:
        return doer(self.decided_by_label, self.decided_by_id)

    def may_become(self, state: str) -> bool:
        return state in self.TRANSITIONS[self.State(self.state)]
