from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class UnknownPosting(DomainError):
    code = "unknown_posting"
    message = _("%(event)s is not in the table of postings with %(debit)s to %(credit)s.")


class AlreadyReversed(DomainError):
    code = "already_reversed"
    message = _("This posting was reversed already by %(key)s.")
