"""What people and jobs do with programmes, settlements and payments."""

from rebates.services.answering import answer_finding
from rebates.services.claiming import Claim
from rebates.services.comparing import compare_ledger, discard_draft, send_dispute
from rebates.services.computing import compute_run, discard_run, open_run, start_settlement
from rebates.services.correcting import confirm_correction, propose_correction, refuse_correction
from rebates.services.deciding import (
    accept_dispute,
    ask_back,
    comment_dispute,
    confirm_adjustment,
    propose_adjustment,
    reject_dispute,
    send_back_adjustment,
    take_up_dispute,
)
from rebates.services.delivering import confirm_credit_note, confirm_delivery
from rebates.services.disputing import add_to_dispute, answer_dispute, open_dispute, withdraw_dispute
from rebates.services.holding import hold_payment, release_hold
from rebates.services.issuing import close_run, start_close
from rebates.services.overtaken import compute_approved_again
from rebates.services.payments import pay_statement
from rebates.services.printing import print_run, start_printing
from rebates.services.programmes import (
    apply_drafts,
    apply_programmes,
    begin_from_text,
    delete_draft,
    import_draft,
    move_start,
    refuse_start,
    save_draft,
)
from rebates.services.publishing import (
    approve_publication,
    publish_version,
    reject_publication,
    withdraw_publication,
)
from rebates.services.releasing import outlook, release_run, start_release
from rebates.services.returning import confirm_return, refuse_return, report_return
from rebates.services.reviewing import approve_run, reject_run, submit_for_review, withdraw_approval
from rebates.services.signing import decline_version, remind_of_signatures, sign_version
from rebates.services.taking_back import ask_to_take_back, confirm_taking_back, refuse_taking_back
from rebates.services.talking import comment_run

__all__ = [
    "Claim",
    "accept_dispute",
    "add_to_dispute",
    "answer_dispute",
    "answer_finding",
    "ask_back",
    "ask_to_take_back",
    "confirm_taking_back",
    "refuse_taking_back",
    "comment_dispute",
    "compare_ledger",
    "confirm_adjustment",
    "confirm_correction",
    "propose_correction",
    "refuse_correction",
    "discard_draft",
    "open_dispute",
    "propose_adjustment",
    "reject_dispute",
    "send_back_adjustment",
    "send_dispute",
    "take_up_dispute",
    "withdraw_dispute",
    "apply_drafts",
    "apply_programmes",
    "approve_publication",
    "approve_run",
    "close_run",
    "comment_run",
    "compute_approved_again",
    "confirm_credit_note",
    "confirm_delivery",
    "confirm_return",
    "refuse_return",
    "report_return",
    "compute_run",
    "decline_version",
    "delete_draft",
    "discard_run",
    "hold_payment",
    "move_start",
    "refuse_start",
    "begin_from_text",
    "import_draft",
    "open_run",
    "outlook",
    "pay_statement",
    "print_run",
    "publish_version",
    "reject_publication",
    "reject_run",
    "release_hold",
    "remind_of_signatures",
    "sign_version",
    "release_run",
    "save_draft",
    "start_close",
    "start_printing",
    "start_release",
    "start_settlement",
    "submit_for_review",
    "withdraw_approval",
    "withdraw_publication",
]
