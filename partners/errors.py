from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class NumberTaken(DomainError):
    code = "partner_number_taken"
    message = _("The number %(number)s is already used by another partner. Choose another.")
    field = "number"


class TaxNumberTaken(DomainError):
    code = "partner_tax_number_taken"
    message = _("A partner with this tax number exists already. Check the list of partners.")
    field = "tax_number"


class TransitionForbidden(DomainError):
    code = "partner_transition_forbidden"
    message = _("A partner in state “%(state)s” cannot become “%(wanted)s”.")


class ReasonMissing(DomainError):
    code = "reason_missing"
    message = _("Say why, in a few words.")
    field = "reason"


class ParentLoop(DomainError):
    code = "partner_parent_loop"
    message = _("The parent partner stands below this partner already. Choose another.")
    field = "parent"


class TierUnchanged(DomainError):
    code = "tier_unchanged"
    message = _("The partner is %(tier)s on that day already.")
    field = "tier"


class TierInTheFuture(DomainError):
    code = "tier_planned_later"
    message = _("A tier is already planned from %(day)s. Choose a later day.")
    field = "first_day"


class AlreadyMember(DomainError):
    code = "already_member"
    message = _("This person already belongs to a partner.")
    field = "user"


class NotAChannelManager(DomainError):
    code = "not_a_channel_manager"
    message = _("Only channel managers are assigned to partners.")
    field = "user"


class TierInUse(DomainError):
    code = "tier_in_use"
    message = _("%(tier)s cannot be taken away: partners have or had it, or a price list is for it.")


class TierTwice(DomainError):
    code = "tier_twice"
    message = _("Two tiers have the same code or the same rank.")


class ChangeWaits(DomainError):
    code = "partner_change_waits"
    message = _(
        "A change of %(partner)s (%(what)s) waits for approval already. Withdraw that one, or wait until it is decided."
    )


class ChangeNeedsApproval(DomainError):
    code = "partner_change_needs_approval"
    message = _(
        "This change of %(partner)s needs an approval, which a file cannot wait for. Make it on the partner's page."
    )


class ChangeRefused(DomainError):
    code = "partner_change_refused"
    message = _("The approval flow rejects this change of %(partner)s at once. The partner stays as it is.")


class ChangeStale(DomainError):
    code = "partner_change_stale"
    message = _(
        "%(partner)s was changed since this was asked for: %(fields)s. Send this change back to be looked at again, or "
        "reject it."
    )


class ChangeOver(DomainError):
    code = "partner_change_over"
    message = _("This change is not open any more: %(state)s.")


class ChangeOfAnother(DomainError):
    code = "partner_change_of_another"
    message = _("%(person)s asked for this change. Only they or an administrator withdraw it.")


class ChangeNotReturned(DomainError):
    code = "partner_change_not_returned"
    message = _("This change is not sent back, so nothing of it can be changed: %(state)s.")


class AmendmentOfAnother(DomainError):
    code = "partner_amendment_of_another"
    message = _("%(person)s asked for this change. Only they change it and hand it in again.")


class NothingAmended(DomainError):
    code = "partner_change_not_amended"
    message = _("Nothing is different from before. Change something, or answer in words what was asked.")
    field = "answer"


class NothingLeft(DomainError):
    code = "partner_change_empty"
    message = _("Everything would stay as it is now. Withdraw this change instead.")


class CriteriaUnsound(DomainError):
    code = "tier_criteria_unsound"
    message = _("These criteria cannot be used: %(why)s.")


class NobodyChosen(DomainError):
    code = "nobody_chosen"
    message = _("Tick at least one partner first.")


class TierUnknown(DomainError):
    code = "tier_unknown"
    message = _("There is no tier “%(tier)s”.")
