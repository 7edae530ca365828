from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class AddressInvalid(DomainError):
    code = "address_invalid"
    field = "addresses"
    message = _("“%(address)s” is not an e-mail address. Write one address a line.")


class TooManyAddresses(DomainError):
    code = "too_many_addresses"
    field = "addresses"
    message = _("At most %(most)s addresses can be named.")


class HeadUnreadable(DomainError):
    code = "head_unreadable"
    field = "head"
    message = _(
        "“%(text)s” is not a head. Write it as it went out: the batch's number, a colon and 64 digits."
    )
