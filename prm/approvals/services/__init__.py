"""Verbs of approvals."""

from prm.approvals.engine import hold, start_run
from prm.approvals.services.clockwork import look_after, look_after_everybody, wake, wake_due_runs
from prm.approvals.services.decide import (
    add_approver,
    approve,
    candidates,
    hand_back,
    hand_over,
    reject,
    reject_returned,
    take_over,
    turn_for,
)
from prm.approvals.services.holding import carry_out, carry_out_due, hold_decision, undo_decision
from prm.approvals.services.hours import add_day, remove_day, set_hours
from prm.approvals.services.installing import install_flow
from prm.approvals.services.runs import cancel_run, move_run, resume_run, say
from prm.approvals.services.stand_ins import end_stand_in, name_stand_in

__all__ = [
    "add_approver",
    "add_day",
    "approve",
    "cancel_run",
    "carry_out",
    "carry_out_due",
    "candidates",
    "end_stand_in",
    "hand_back",
    "hand_over",
    "hold",
    "hold_decision",
    "install_flow",
    "look_after",
    "look_after_everybody",
    "move_run",
    "name_stand_in",
    "reject",
    "reject_returned",
    "remove_day",
    "resume_run",
    "say",
    "set_hours",
    "start_run",
    "take_over",
    "turn_for",
    "undo_decision",
    "wake",
    "wake_due_runs",
]
