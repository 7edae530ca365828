"""What the pages of one registration show: header, clock, decision line, timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from dealreg import actions, figures, words
from dealreg.approvals import CODE
from dealreg.evidence import evidence_of
from dealreg.models import DealRegistration
from dealreg.registrations import TONES
from dealreg.services.decisions import lines_taken
from dealreg.waiting import Wait, deciders, wait_of
from prm.access.rules import allowed
from prm.approvals import pages as approvals
from prm.audit import words as audit_words
from prm.audit.history import changes_of, who
from prm.audit.models import AuditEntry
from prm.customfields.showing import facts_of
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor

MOST_TO_DECIDE = 200
# What the verbs of the timeline say already.
TOLD = ("state", "verdict", "protected_until")


@dataclass(frozen=True)
class Moment:
    """One line of the timeline."""

    text: Any
    at: datetime | None = None
    detail: str = ""
    tone: str = ""


def staff_detail(registration: DealRegistration, actor: Actor, *, tab: str) -> dict[str, Any]:
    """Everything a reviewer needs: evidence, what the partner sees, what may be decided."""
    approval = approvals.of_object(CODE, registration.pk, actor)
    people = deciders(registration, approval) if registration.waits_for_staff else []
    registered, won = figures.record_of_partner(actor, registration.partner_id)
    turn = approval.turn if approval else None
    wait = wait_of(registration, people, reader_id=actor.user_id, partner_reads=False, turn=turn)
    return {
        "approval": approval,
        "deal": registration,
        "tab": tab if tab in ("registration", "history") else "check",
        "tone": TONES[registration.state],
        "verdict": words.VERDICTS.get(registration.verdict),
        "wait": wait,
        "evidence": evidence_of(registration),
        "lines": list(registration.lines.all()),
        "own": facts_of("deal", registration, actor),
        "protections": list(registration.protections.all()),
        "talk": thread_of(registration, approval),
        "partner_state": words.partner_state(registration, TONES),
        "partner_wait": wait_of(registration, people, reader_id=None, partner_reads=True, turn=turn),
        "record": {"registered": registered, "won": won, "share": won / registered if registered else None},
        "timeline": staff_timeline(registration, actor, wait),
        "decide": decision_of(registration, actor, approval),
        "queue": place_in_queue(registration, actor),
        "actions": actions.offered(registration, actor),
        "may_close": registration.state == "approved" and allowed(actor, "dealreg.close", registration),
        "may_answer": registration.waits_for_partner and allowed(actor, "dealreg.register", registration),
    }


def partner_detail(registration: DealRegistration, actor: Actor) -> dict[str, Any]:
    """State, protection, for whom it waits, the talk. Nothing of the check, nothing of anybody else."""
    approval = approvals.of_object(CODE, registration.pk, actor)
    people = deciders(registration, approval) if registration.waits_for_staff else []
    may_close = allowed(actor, "dealreg.close", registration)
    turn = approval.turn if approval else None
    return {
        "approval": approval,
        "deal": registration,
        "state": words.partner_state(registration, TONES),
        "wait": wait_of(registration, people, reader_id=actor.user_id, partner_reads=True, turn=turn),
        "lines": list(registration.lines.all()),
        "own": facts_of("deal", registration, actor),
        "protections": list(registration.protections.all()),
        "talk": thread_of(registration, approval),
        "timeline": partner_timeline(registration, actor),
        "may_answer": registration.waits_for_partner and allowed(actor, "dealreg.register", registration),
        "may_end": registration.state == "approved" and may_close,
        "may_withdraw": registration.may_become("withdrawn") and may_close,
        "may_edit": registration.state == "draft" and allowed(actor, "dealreg.register", registration),
        "actions": actions.offered(registration, actor),
        "ends_soon": _ends_soon(registration),
    }


def thread_of(registration: DealRegistration, approval: approvals.Approval | None) -> list[Any]:
    """What was sent back and answered, and what those who decide asked meanwhile: one talk, oldest first."""
    asked = approval.shared_talk if approval is not None else []
    return sorted([*registration.messages.all(), *asked], key=lambda line: line.at)


def last_question(registration: DealRegistration) -> Any:
    """The last thing that staff asked about it; None where nobody did."""
    return next((one for one in reversed(list(registration.messages.all())) if one.from_staff), None)


@dataclass(frozen=True)
class Decision:
    """What the reader may decide now. `free` and `taken` split the lines; `own`: somebody else must decide."""

    free: list[Any]
    taken: list[Any]
    own: bool
    may_reject: bool
    may_ask: bool

    @property
    def is_partly(self) -> bool:
        return bool(self.free and self.taken)

    @property
    def label(self) -> str:
        if not self.is_partly:
            return _("Approve registration")
        return _("Approve %(lines)s only") % {"lines": ", ".join(map(str, self.free))}


def decision_of(
    registration: DealRegistration, actor: Actor, approval: approvals.Approval | None = None
) -> Decision | None:
    """None where there is nothing for the reader to decide."""
    if not (registration.may_become("approved") or registration.may_become("rejected")):
        return None
    if registration.state == "disputed" or not allowed(actor, "dealreg.approve", registration):
        return None
    own = actor.user_id in (registration.created_by_id, registration.submitted_by_id)
    if approval is not None and not own and not approval.may_decide:
        return None
    lines = [line.product_line for line in registration.lines.all()]
    taken = lines_taken(registration.end_customer, lines) if registration.end_customer else []
    return Decision(
        free=[line for line in lines if line not in taken] if registration.may_become("approved") else [],
        taken=taken,
        own=own,
        may_reject=allowed(actor, "dealreg.reject", registration),
        may_ask=registration.may_become("info_requested") and allowed(actor, "dealreg.ask", registration),
    )


def queue_of(actor: Actor) -> QuerySet:
    """The registrations that the reader is to decide, the longest wait first."""
    return DealRegistration.objects.visible_to(actor).to_decide(actor).order_by("waiting_since", "pk")


def place_in_queue(registration: DealRegistration, actor: Actor) -> dict[str, Any] | None:
    """Where this one stands among those to decide, and its neighbours; None when it is not one of them."""
    if not registration.waits_for_staff or "dealreg.approve" not in actor.permissions:
        return None
    numbers = list(queue_of(actor).values_list("number", flat=True)[:MOST_TO_DECIDE])
    if registration.number not in numbers:
        return None
    at = numbers.index(registration.number)
    return {
        "place": at + 1,
        "of": len(numbers),
        "previous": _address(numbers[at - 1]) if at else "",
        "next": _address(numbers[at + 1]) if at + 1 < len(numbers) else "",
    }


def staff_timeline(registration: DealRegistration, actor: Actor, wait: Wait | None) -> list[Moment]:
    """The audit trail, newest first, and on top for whom it waits."""
    found = []
    if wait is not None and wait.who:
        found.append(Moment(_("Waits for %(who)s") % {"who": wait.who}, wait.since, tone="warn"))
    for entry in AuditEntry.objects.visible_to(actor).of(registration)[:50]:
        verb = words.VERBS.get(entry.verb) or audit_words.word_for(entry.verb)
        text = _("%(verb)s by %(who)s") % {"verb": verb, "who": who(entry)}
        found.append(Moment(capfirst(text), entry.at, _detail(entry)))
        if entry.verb == "submitted" and registration.verdict:
            found.append(Moment(_check_in_words(registration), entry.at))
    return found


def _detail(entry: AuditEntry) -> str:
    """What else changed than the state, which the verb says already; and why."""
    changed = [one["text"] for one in changes_of(entry) if one["code"] not in TOLD]
    return " · ".join(filter(None, ["; ".join(changed), entry.reason]))


def _check_in_words(registration: DealRegistration) -> str:
    label = words.VERDICTS[registration.verdict][0]
    return _("Conflict check: %(verdict)s, records compared: %(count)s") % {
        "verdict": label,
        "count": registration.match_count,
    }


def partner_timeline(registration: DealRegistration, actor: Actor) -> list[Moment]:
    """The milestones that concern the partner, newest first; no check, no internal step."""
    found = [Moment(_("Draft begun"), registration.created_at)]
    if registration.submitted_at:
        found.append(Moment(_("Handed in"), registration.submitted_at))
    for message in registration.messages.all():
        said = _("%(who)s asked") if message.from_staff else _("%(who)s answered")
        found.append(Moment(said % {"who": message.author_label}, message.at))
    for entry in AuditEntry.objects.visible_to(actor).of(registration).filter(verb="corrected")[:20]:
        found.append(Moment(_("Corrected and handed in again"), entry.at))
    if registration.decided_at:
        verb = _("Rejected") if registration.state == "rejected" else _("Approved")
        found.append(Moment(verb, registration.decided_at, registration.decision_reason))
    if registration.closed_at:
        found.append(
            Moment(registration.get_state_display(), registration.closed_at, registration.closed_reason)
        )
    found.sort(key=lambda one: one.at)  # those of one moment stay in their order
    return found[::-1]


def _ends_soon(registration: DealRegistration) -> str:
    """ "in 5 days" when the protection ends within 14 days, else empty."""
    last = registration.protected_until
    if registration.state != "approved" or last is None or (last - clock.today()).days > 14:
        return ""
    return formats.days_left(last, today=clock.today())


def _address(number: str) -> str:
    return reverse("dealreg:detail", args=[number])
