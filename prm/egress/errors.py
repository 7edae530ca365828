from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class EgressError(DomainError):
    """A request to another host that was refused or that failed; `text` says why, without secrets."""


class AddressRefused(EgressError):
    code = "address_refused"
    message = _("The address is not allowed: %(why)s")


class NoAnswer(EgressError):
    code = "no_answer"
    message = _("No answer: %(why)s")


class TooSlow(EgressError):
    code = "too_slow"
    message = _("No complete answer within %(seconds)s seconds.")


class TooLarge(EgressError):
    code = "too_large"
    message = _("The answer is larger than %(bytes)s bytes.")


class TooManyRedirects(EgressError):
    code = "too_many_redirects"
    message = _("The address leads on to another one, which is not followed.")


class NameTaken(DomainError):
    code = "name_taken"
    field = "name"
    message = _("Another one has this name. Choose a different name.")


class NothingWanted(DomainError):
    code = "nothing_wanted"
    field = "wants"
    message = _("Choose at least one.")


class ReceiverOff(DomainError):
    code = "receiver_off"
    message = _("It is switched off. Switch it on first.")


class AddressMissing(DomainError):
    code = "address_missing"
    message = _("It has no address yet. Choose “Change”, enter the address, then switch it on.")


class MessageEnded(DomainError):
    code = "message_ended"
    message = _("This message has ended: %(state)s. Nothing was changed.")
