"""What can be unsound about a flow: each fault with a code and its sentence. Every sentence names the node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.ui import formats

# docs/reference/flow-soundness.md prints this table; the tests have a flow for each.
SENTENCES: dict[str, Any] = {
    "other_subject": _("%(node)s is a flow for “%(other)s”, not for “%(subject)s”."),
    "no_steps": _("%(node)s has no step: everything would be approved and nobody asked."),
    "nobody_decides": _("After %(node)s a case is approved though nobody decided. Add an approver or a decision."),
    "rejects_all": _("%(node)s rejects every case: nothing can ever be approved."),
    "unreachable": _("%(node)s is never reached: %(other)s decides every case before it."),
    "never_true": _("%(node)s can never be true: what comes in contradicts its condition."),
    "covered": _("%(node)s is never reached: the conditions before it take every case."),
    "always_true": _("%(node)s always holds, so the ways after it are never taken."),
    "default_unreached": _("%(node)s is never reached: its conditions take every case. Delete its steps."),
    "never_decides": _("%(node)s can never decide: what comes in contradicts its condition."),
    "empty_side": _("%(node)s has a side without a step. Add a step or delete the side."),
    "condition": _("%(node)s: %(detail)s"),
    "unknown_person": _("%(node)s names somebody who does not exist: %(other)s."),
    "inactive_person": _("%(node)s names somebody who may no longer sign in: %(other)s."),
    "empty_role": _("%(node)s asks the role “%(other)s”, which nobody has."),
    "no_managers": _("%(node)s asks the partner’s channel manager, but nobody is a channel manager."),
    "no_partner": _("%(node)s asks the partner’s channel manager, but “%(subject)s” belongs to no partner."),
    "no_line": _("%(node)s asks a manager of the submitter, but nobody reports to anybody. Say who does under Users."),
    "self_approval": _("%(node)s lets people decide about what they submitted themselves."),
    "paid_on_outcome": _("%(node)s lets %(other)s decide, who is paid on the outcome. Choose the vendor’s own people."),
    "may_not_decide": _("%(node)s asks %(other)s, who may not decide about “%(subject)s”. Choose one of: %(roles)s."),
    "quorum_too_large": _("%(node)s needs %(needed)s approvals, but only %(people)s can decide."),
    "unknown_people_field": _("%(node)s takes its people from “%(other)s”, a field that does not exist."),
    "field_names_nobody": _("%(node)s takes its people from “%(other)s”, a field that names no person."),
    "escalates_to_same": _("%(node)s escalates to the people who did not decide. Choose others."),
    "self_decision_refused": _("%(node)s may not decide by itself: for “%(subject)s” a person decides."),
    "self_decision_unbounded": _(
        "%(node)s approves by itself whatever the amount. Put it under a condition with a highest amount."
    ),
    "unknown_update_field": _("%(node)s changes “%(other)s”, a field that a flow may not change."),
    "update_value": _("%(node)s writes “%(other)s”, which its field does not take."),
    "webhook_address": _(
        "%(node)s calls an address that is neither https and public nor listed by the operator: %(other)s."
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One reason not to publish. `node` is the step or branch ("" the whole flow), `name` how it is called."""

    code: str
    node: str
    name: str
    text: str
    path: str = ""


def fault(code: str, node: str, name: str, *, path: str = "", **values: Any) -> Fault:
    """A fault with its sentence in the active language."""
    return Fault(code, node, name, formats.filled(SENTENCES[code], {"node": name, **values}), path)
