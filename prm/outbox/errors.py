from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class DeliveryEnded(DomainError):
    code = "delivery_ended"
    message = _("This delivery has ended: %(state)s. Nothing was changed.")


class NotGivenUpYet(DomainError):
    code = "delivery_waits"
    message = _(
        "This event was not tried yet: it waits behind an earlier one of the same object. Decide on that one first."
    )
