from claims.services.agreements import (
    add_item,
    approve_agreement,
    create_agreement,
    end_agreement,
    new_version,
    remove_item,
    send_back_agreement,
    submit_agreement,
    withdraw_agreement,
)
from claims.services.claiming import draft_claim, draft_price_claim, submit_claim, withdraw_claim
from claims.services.deciding import approve_claim, decide_line, reject_claim
from claims.services.drops import confirm_drop, enter_drop, refuse_drop
from claims.services.paying import pay_claim

__all__ = [
    "add_item",
    "approve_agreement",
    "approve_claim",
    "confirm_drop",
    "create_agreement",
    "decide_line",
    "draft_claim",
    "draft_price_claim",
    "end_agreement",
    "enter_drop",
    "new_version",
    "pay_claim",
    "refuse_drop",
    "reject_claim",
    "remove_item",
    "send_back_agreement",
    "submit_agreement",
    "submit_claim",
    "withdraw_agreement",
    "withdraw_claim",
]
