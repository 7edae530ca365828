"""The five roles of a tenant's people."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    CHANNEL_MANAGER = "channel_manager", _("Channel manager")
    FINANCE = "finance", _("Finance")
    PARTNER_ADMIN = "partner_admin", _("Partner administrator")
    PARTNER_SALES = "partner_sales", _("Partner sales")


STAFF_ROLES = (Role.ADMINISTRATOR, Role.CHANNEL_MANAGER, Role.FINANCE)
PARTNER_ROLES = (Role.PARTNER_ADMIN, Role.PARTNER_SALES)
# Administrators and finance answer for the whole channel; channel managers for the partners assigned to them.
SEES_ALL_PARTNERS = (Role.ADMINISTRATOR, Role.FINANCE)
