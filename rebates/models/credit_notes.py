"""Credit notes that partners get instead of money: the finance system issues them, and its number is kept here."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from rebates.goods_querysets import CreditNoteQuerySet
from rebates.models.awaited import Awaited
from rebates.models.statements import Payment


class CreditNote(Awaited):
    """A credit note worth a payment. Each of the finance system's numbers stands for one payment."""

    class State(models.TextChoices):
        DUE = "due", pgettext_lazy("credit note", "To be issued")
        ISSUED = "issued", pgettext_lazy("credit note", "Issued")

    DONE = State.ISSUED
    TRANSITIONS = {State.DUE: (State.ISSUED,), State.ISSUED: ()}
    TONES = {"due": "warn", "issued": "ok"}

    payment = models.OneToOneField(Payment, models.PROTECT, related_name="credit_note")
    state = models.CharField(_("state"), max_length=6, choices=State.choices, default=State.DUE)
    issued_on = models.DateField(_("issued on"), null=True)
    reference = models.CharField(_("credit note number"), max_length=100, blank=True)

    objects = CreditNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit note of a rebate")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="issued_credit_notes_have_day_and_number",
                condition=models.Q(state="due", issued_on__isnull=True, reference="")
                | models.Q(state="issued", issued_on__isnull=False, confirmed_at__isnull=False)
                & ~models.Q(reference=""),
            ),
            models.UniqueConstraint(
                fields=["reference"], name="one_payment_each_credit_note", condition=~models.Q(reference="")
            ),
        ]
        indexes = [models.Index(fields=["state", "id"], name="credit_notes_by_state")]

    def get_absolute_url(self) -> str:
        return reverse("rebates:credit_note_issued", args=[self.payment.number])

    @property
    def done_on(self) -> Any:
        return self.issued_on
