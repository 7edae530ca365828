"""What partners answered to a programme's version that wants their signature."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from partners.models import Partner
from prm.ui.doers import doer
from prm.values import clock
from rebates.models.programmes import Version
from rebates.signature_querysets import SignatureQuerySet


class Signature(models.Model):
    """A partner's administrator signed a version, or declined it: who, when, from where, and which text.

    Never changed. Who declined may sign later; who signed has signed. Another version is signed anew.
    """

    class Answer(models.TextChoices):
        SIGNED = "signed", pgettext_lazy("signature", "Signed")
        DECLINED = "declined", pgettext_lazy("signature", "Declined")

    PARTNER_PATH = "partner"

    version = models.ForeignKey(Version, models.PROTECT, related_name="signatures", db_index=False)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+")
    answer = models.CharField(_("answer"), max_length=8, choices=Answer.choices)
    reason = models.TextField(_("reason"), blank=True)
    # The words that were read, and their SHA-256.
    text = models.TextField()
    digest = models.CharField(_("SHA-256 of the text"), max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by_label = models.CharField(_("signed by"), max_length=200)
    address = models.CharField(_("from where"), max_length=45, blank=True)
    at = models.DateTimeField(_("signed"), default=clock.now)

    objects = SignatureQuerySet.as_manager()

    class Meta:
        verbose_name = _("signature of a programme version")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "partner"], name="signed_once", condition=models.Q(answer="signed")
            ),
            models.CheckConstraint(
                name="declined_with_a_reason", condition=models.Q(answer="signed") | ~models.Q(reason="")
            ),
        ]
        indexes = [models.Index(fields=["version", "partner", "-id"], name="signatures_of_version")]

    def __str__(self) -> str:
        return f"{self.version} {self.partner_id}"

    @property
    def signer(self) -> str:
        return doer(self.by_label, self.by_id)
