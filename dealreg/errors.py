"""What the rules of deal registration say no with."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class StillDraft(DomainError):
    code = "still_draft"
    message = _("%(number)s is still a draft. Submit it first.")


class AlreadySubmitted(DomainError):
    code = "already_submitted"
    message = _("%(number)s was already submitted and is in review.")


class AttemptSpent(DomainError):
    """The same form again with other words in it: somebody went back and typed over it."""

    code = "attempt_spent"
    message = _("This form has registered %(number)s already. Submit it again only if this is another deal.")


class WaitsForPartner(DomainError):
    code = "waits_for_partner"
    message = _("%(number)s waits for the partner's answer.")


class AlreadyApproved(DomainError):
    code = "already_approved"
    message = _("%(number)s was already approved by %(who)s.")


class AlreadyRejected(DomainError):
    code = "already_rejected"
    message = _("%(number)s was already rejected by %(who)s.")


class AlreadyWon(DomainError):
    code = "already_won"
    message = _("%(number)s was already reported as won.")


class AlreadyLost(DomainError):
    code = "already_lost"
    message = _("%(number)s was already reported as lost.")


class AlreadyWithdrawn(DomainError):
    code = "already_withdrawn"
    message = _("%(number)s was withdrawn.")


class AlreadyExpired(DomainError):
    code = "already_expired"
    message = _("The protection of %(number)s has ended. Register the deal again to renew it.")


class InDispute(DomainError):
    code = "in_dispute"
    message = _("%(number)s is disputed. It goes on when the dispute is decided.")


class OwnRegistration(DomainError):
    code = "own_registration"
    message = _("You registered %(number)s yourself. Somebody else decides about it.")


class PartnerNotActive(DomainError):
    code = "partner_not_active"
    message = _("%(partner)s is not active, so nothing new can be registered for it.")


class CustomerMissing(DomainError):
    code = "customer_missing"
    message = _("The end customer is missing. Write its full name.")
    field = "customer_name"


class LinesMissing(DomainError):
    code = "lines_missing"
    message = _("No product line is chosen. Choose at least one.")
    field = "product_lines"


class ValueMissing(DomainError):
    code = "value_missing"
    message = _("The estimated value is missing.")
    field = "estimated_value"


class ValueNegative(DomainError):
    code = "value_negative"
    message = _("The estimated value is below zero. Enter zero or more.")
    field = "estimated_value"


class CloseMissing(DomainError):
    code = "close_missing"
    message = _("The expected close is missing.")
    field = "expected_close"


class CloseInThePast(DomainError):
    code = "close_in_the_past"
    message = _("Expected close is before today. Choose a later date.")
    field = "expected_close"


class NumberTaken(DomainError):
    code = "deal_number_taken"
    message = _("The number %(number)s belongs to another registration.")
    field = "deal_number"


class RegisteredLater(DomainError):
    code = "registered_later"
    message = _("A registration cannot have been made later than now.")
    field = "registered_at"


class ProtectionOver(DomainError):
    code = "protection_over"
    message = _("This protection is over. Only what still protects somebody is brought in as approved.")
    field = "protected_to"


class TypeUnknown(DomainError):
    code = "type_unknown"
    message = _("There is no registration type “%(code)s”.")


class TypeMissing(DomainError):
    code = "type_missing"
    message = _("No registration type is set up. Ask your administrator.")


class ReasonMissing(DomainError):
    code = "reason_missing"
    message = _("Say why in a sentence. The other side reads it.")
    field = "reason"


class TextMissing(DomainError):
    code = "text_missing"
    message = _("The message is empty. Write what you want to say.")
    field = "text"


class LineNotRegistered(DomainError):
    code = "line_not_registered"
    message = _("%(line)s is not part of %(number)s.")
    field = "product_lines"


class LineNotAvailable(DomainError):
    """The message names the line and never who holds it."""

    code = "line_not_available"
    message = _("%(line)s is protected for this customer already. Approve without it, or reject.")
    field = "product_lines"


class NothingCorrected(DomainError):
    code = "nothing_corrected"
    message = _("Nothing is changed yet. Change what was asked for, or write an answer.")
    field = "text"


class DirectOnly(DomainError):
    """For staff: partners only ever hear that a customer is not available."""

    code = "direct_only"
    message = _("%(name)s is a customer for direct sales only. Reject, or change the customer first.")


class CustomerNotSettled(DomainError):
    """For staff: two spellings of one company must not both be protected."""

    code = "customer_not_settled"
    message = _(
        "%(name)s may be the same company as %(other)s, which is protected. Merge the two customers, "
        "or confirm that they are two companies."
    )


class BothProtected(DomainError):
    code = "both_protected"
    message = _(
        "%(name)s and %(other)s are both protected for the same product line. End one protection first."
    )
    field = "into"


class TypeInUse(DomainError):
    code = "type_in_use"
    message = _("%(type)s cannot be taken away: there are registrations of this type.")


class TypeTwice(DomainError):
    code = "type_twice"
    message = _("Two registration types have the same code.")


class OneDefaultType(DomainError):
    code = "one_default_type"
    message = _("Exactly one registration type is the default.")
