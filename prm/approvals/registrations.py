"""What approvals tell the platform: verbs, words, kinds of notices, open work, menu."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.access import permissions
from prm.access.roles import STAFF_ROLES, Role
from prm.approvals import differences, questions
from prm.approvals.history import END
from prm.audit import words
from prm.notices import kinds, work
from prm.outbox import objects
from prm.ui import menu
from prm.values.actor import Actor


def register() -> None:
    objects.register("approval", "approvals.ApprovalRun", verb="approvals.decide")
    _register_verbs()
    words.register_names(
        {
            "cases": pgettext_lazy("change", "running cases"),
            "dry_run": pgettext_lazy("change", "dry run"),
            "hours": pgettext_lazy("change", "working hours"),
            "person": pgettext_lazy("change", "person"),
            "stand_in": pgettext_lazy("change", "stand-in"),
            "step": pgettext_lazy("change", "step"),
            "version": pgettext_lazy("change", "version"),
        }
    )
    words.register_values("step", {END: _("Last look")})
    words.register(
        {
            "step_approved": _("approved at a step"),
            "step_returned": _("sent back"),
            "handed_over": _("handed over"),
            "took_over": _("taken over"),
            "approver_added": _("further approver asked"),
            "escalated": _("escalated"),
            "approved_by_deadline": _("approved by its deadline"),
            "rejected_by_deadline": _("rejected by its deadline"),
            "decider_left": _("decider replaced"),
            "flow_version_changed": _("moved to another version of the flow"),
            "stand_in_named": _("stand-in named"),
            "stand_in_ended": _("stand-in ended"),
            "hours_changed": _("working time changed"),
        }
    )
    _register_notices()
    differences.register()
    work.register(open_work, sets=open_sets)
    work.register(questions.open_questions, count=questions.count_open_questions)
    work.register_tab(_("I asked"), url="approvals:asked", verb="approvals.comment")
    work.register_tab(pgettext_lazy("tab", "Done"), url="approvals:done", verb="approvals.decide")
    work.register_tool(
        _("Decide many at once"), url="approvals:tasks", verb="approvals.decide", icon="checks"
    )
    work.register_tool(_("I am away"), url="approvals:away", verb="approvals.delegate", icon="user-share")
    work.register_above("approvals/held.html", held_now)
    menu.register(
        section="Set-up", label=_("Working time"), icon="calendar-time", url="approvals:working_time",
        verb="approvals.set_hours", order=120,
    )  # fmt: skip


def _register_verbs() -> None:
    permissions.register(
        "approvals.decide", label=_("Decide tasks of approval flows"), roles=STAFF_ROLES, sensitive=True
    )
    permissions.register("approvals.comment", roles=Role.values)
    permissions.register(
        "approvals.delegate", label=_("Name somebody to decide while away"), roles=STAFF_ROLES, sensitive=True
    )
    permissions.register(
        "approvals.set_hours", label=_("Set working time and holidays"), roles=[Role.ADMINISTRATOR]
    )


def _register_notices() -> None:
    def tell(name: str, **said: object) -> None:
        kinds.register(f"approvals.{name}", icon="checks", **said)  # type: ignore[arg-type]

    tell(
        "task", label=_("It is my turn to decide"), roles=STAFF_ROLES,
        title=_("Your decision: %(title)s"), body=_("%(what)s, step “%(step)s”. Handed in by %(submitter)s."),
    )  # fmt: skip
    tell(
        "handed", label=_("A decision is handed over to me"), roles=STAFF_ROLES,
        title=_("Handed over to you: %(title)s"),
        body=_("%(who)s asks you to decide instead. %(why)s %(what)s, step “%(step)s”, handed in by %(submitter)s."),
    )  # fmt: skip
    tell(
        "added", label=_("A colleague asks me to decide as well"), roles=STAFF_ROLES,
        title=_("Your decision as well: %(title)s"),
        body=_("%(who)s asks for your decision, too. %(why)s %(what)s, step “%(step)s”, handed in by %(submitter)s."),
    )  # fmt: skip
    tell(
        "reminder", label=_("A decision of mine is due soon"), roles=STAFF_ROLES,
        title=_("Reminder: %(title)s"),
        body=_("%(what)s, step “%(step)s”, waits for your decision. It is promised by %(due)s."),
    )  # fmt: skip
    tell(
        "stand_in", label=_("I decide in the place of somebody who is away"), roles=STAFF_ROLES,
        title=_("You stand in for %(who)s"),
        body=_("From %(first)s to %(last)s what would wait for %(who)s waits for you, where you may decide."),
    )  # fmt: skip
    tell(
        "refused", label=_("A decision of mine could not take effect"), roles=STAFF_ROLES,
        title=_("Your decision about %(title)s did not take effect"), body=_("%(why)s"),
    )  # fmt: skip
    tell(
        "notice", label=_("A flow tells me something"), title=_("About %(title)s"), body=_("%(text)s"),
    )  # fmt: skip
    tell(
        "comment", label=_("A question or answer about a decision"), title=_("%(author)s about %(title)s"),
        body=_("%(text)s"),
    )  # fmt: skip
    _register_ends(tell)


def _register_ends(tell: Callable[..., None]) -> None:
    """What whoever handed it in hears."""
    tell(
        "approved", label=_("What I handed in was approved"), roles=STAFF_ROLES,
        title=_("Approved: %(title)s"), body=_("%(what)s. Decided last by %(who)s."),
    )  # fmt: skip
    tell(
        "rejected", label=_("What I handed in was rejected"), roles=STAFF_ROLES,
        title=_("Rejected: %(title)s"), body=_("%(what)s. %(who)s wrote: %(reason)s"),
    )  # fmt: skip
    tell(
        "returned", label=_("What I handed in was sent back"), roles=STAFF_ROLES,
        title=_("Sent back to you: %(title)s"), body=_("%(what)s. %(who)s wrote: %(reason)s"),
    )  # fmt: skip


def open_sets(actor: Actor) -> Iterable[QuerySet]:
    from prm.approvals.models import Task

    if "approvals.decide" in actor.permissions:
        yield Task.objects.of_actor(actor).to_decide()


def held_now(actor: Actor) -> dict[str, Any]:
    from prm.approvals.reads import held_of

    return held_of(actor)


def open_work(actor: Actor) -> Iterable[work.Work]:
    """The steps at which it is the actor's turn, the nearest promise first."""
    from prm.approvals.reads import tasks_of, work_of

    if "approvals.decide" in actor.permissions:
        yield from work_of(tasks_of(actor, most=work.MOST))
