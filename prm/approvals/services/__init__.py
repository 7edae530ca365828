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
from prm.approvals.services.installing import install_flow
from prm.approvals.services.runs import cancel_run, move_run, resume_run, say

__all__ = [
    "add_approver",
    "approve",
    "cancel_run",
    "candidates",
    "hand_back",
    "hand_over",
    "hold",
    "install_flow",
    "look_after",
    "look_after_everybody",
    "move_run",
    "reject",
    "reject_returned",
    "resume_run",
    "say",
    "start_run",
    "take_over",
    "turn_for",
    "wake",
    "wake_due_runs",
]
