from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError, NotAllowed


class PersonNotFound(DomainError):
    code = "person_not_found"
    message = _("Nobody active signs in with this e-mail at this tenant.")
    field = "email"


class SupportReasonMissing(DomainError):
    code = "reason_missing"
    message = _("Say why: the administrator decides by it, and it stays in the audit trail.")
    field = "reason"


class SupportAlreadyAsked(DomainError):
    code = "support_already_asked"
    message = _("You have an open request for this person already.")


class SupportAlreadyDecided(DomainError):
    code = "support_already_decided"
    message = _("This request was decided already by %(who)s.")


class SupportLapsed(DomainError):
    code = "support_lapsed"
    message = _("This request is older than a day. The operator must ask again.")


class SupportNotGranted(DomainError):
    code = "support_not_granted"
    message = _("The administrator has not consented.")


class SupportUsed(DomainError):
    code = "support_used"
    message = _("This consent was used or ended already. Ask again.")


class SupportWordWrong(DomainError):
    code = "support_word_wrong"
    message = _("This way in is no longer good. Begin again from the operator's page.")


class NotWhileActing(NotAllowed):
    code = "not_while_acting"
    message = _("Nobody may do this while acting for somebody else.")
