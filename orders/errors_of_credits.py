"""What the rules of agents' credits say no to."""

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class ShareOutOfRange(DomainError):
    code = "share_out_of_range"
    field = "share"
    message = _("A share is above 0 and at most 100 percent, with at most four decimals.")


class AgentIsTheBuyer(DomainError):
    code = "agent_is_the_buyer"
    field = "agent"
    message = _("%(agent)s bought this itself. Its own purchases count for it anyway.")


class CreditedAlready(DomainError):
    code = "credited_already"
    field = "agent"
    message = _("%(agent)s is credited with %(share)s of this line already. Correct that credit instead.")


class SharesAboveAll(DomainError):
    code = "shares_above_all"
    field = "share"
    message = _("Agents are credited with %(taken)s of this line already: %(left)s are left.")


class ReturnFollowsItsSale(DomainError):
    code = "return_follows_its_sale"
    field = "line"
    message = _("This line takes back %(line)s and is credited with it. Credit that line.")


class CreditTakenBack(DomainError):
    code = "credit_taken_back"
    message = _("This credit was taken back already. Nothing was changed.")


class NotToBeTakenBack(DomainError):
    code = "credit_follows"
    message = _("This row follows another one. Take back the credit of the sale itself.")


class CreditReasonMissing(DomainError):
    code = "credit_reason_missing"
    field = "reason"
    message = _("Say why: the agent reads the reason.")


class SameShare(DomainError):
    code = "same_share"
    field = "share"
    message = _("This is the share that the credit has. Enter the right one.")
