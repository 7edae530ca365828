"""The verbs of deal registration."""

from dealreg.services.completing import complete_registration
from dealreg.services.corrections import correct_registration
from dealreg.services.decisions import (
    answer_information,
    approve_registration,
    reject_registration,
    request_information,
)
from dealreg.services.drafts import save_draft, type_code
from dealreg.services.endings import (
    end_protections,
    expire_registration,
    mark_lost,
    mark_won,
    remind_of_end,
    withdraw_registration,
)
from dealreg.services.submission import check_close, register_deal, submit_registration
from dealreg.services.takeover import take_over_registration

__all__ = [
    "answer_information",
    "approve_registration",
    "check_close",
    "complete_registration",
    "correct_registration",
    "end_protections",
    "expire_registration",
    "mark_lost",
    "mark_won",
    "register_deal",
    "reject_registration",
    "remind_of_end",
    "request_information",
    "save_draft",
    "submit_registration",
    "take_over_registration",
    "type_code",
    "withdraw_registration",
]
