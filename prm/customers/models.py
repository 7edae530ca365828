from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.values import clock


class EndCustomer(models.Model):
    """The tenant's master record of a buying organisation."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    region = models.CharField(_("region"), max_length=80, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    domain = models.CharField(_("web domain"), max_length=120, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name
