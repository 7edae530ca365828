"""What other apps add to a partner's page, and what its states are called as verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from partners.approvals import CODE, lines_of
from partners.models import Partner, PartnerChange
from prm.access.roles import Role
from prm.access.rules import allowed
from prm.accounts.services.people import open_work_of
from prm.approvals import pages as approvals

STATUS_VERBS = {
    "prospect": _("Make a prospect"),
    "applied": _("Note the application"),
    "screening": _("Begin screening"),
    "onboarding": _("Begin onboarding"),
    "active": _("Make active"),
    "suspended": _("Suspend partner"),
    "exiting": _("Begin the exit"),
    "exited": _("End the partnership"),
    "rejected": _("Reject application"),
}
STATUS_EFFECTS = {
    "suspended": _(
        "Its people can still sign in and read, but cannot register deals or order. You can lift this."
    ),
    "exiting": _("No new deals and orders. Open ones are finished or reassigned."),
    "exited": _("Its people no longer see anything. Statements stay in your records. This cannot be undone."),
}

_sections: list[tuple[int, str, str, Callable[[Partner, Any], dict[str, Any] | None]]] = []
_figures: list[tuple[int, str, Callable[[Partner, Any], Any]]] = []


def add_section(
    *, template: str, verb: str, order: int, build: Callable[[Partner, Any], dict[str, Any] | None]
) -> None:
    """A card on the partner's page: `build(partner, actor)` gives the template's context, or None for no card."""
    _sections.append((order, verb, template, build))


def add_figure(*, verb: str, order: int, build: Callable[[Partner, Any], Any]) -> None:
    """A figure (prm.ui.home.Figure) in the strip on the partner's page."""
    _figures.append((order, verb, build))


def sections_for(partner: Partner, actor: Any) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for _order, verb, template, build in sorted(_sections, key=lambda part: part[0]):
        context = build(partner, actor) if allowed(actor, verb) else None
        if context is not None:
            found.append((template, context))
    return found


def figures_for(partner: Partner, actor: Any) -> list[Any]:
    shown = [
        build(partner, actor)
        for _order, verb, build in sorted(_figures, key=lambda p: p[0])
        if allowed(actor, verb)
    ]
    return [figure for figure in shown if figure is not None]


def next_states(partner: Partner, actor: Any) -> list[dict[str, Any]]:
    """The steps that are open to the partner now, the hardest last."""
    if not allowed(actor, "partners.edit", partner):
        return []
    states = Partner.TRANSITIONS[Partner.Status(partner.status)]
    return [
        {
            "state": str(state.value),
            "verb": STATUS_VERBS[state.value],
            "final": state.value in ("exited", "rejected"),
        }
        for state in states
    ]


def work_left_by(user: Any, actor: Any) -> list[Any]:
    """What waits for a person who is about to leave, for those who may see whatever that person sees."""
    return open_work_of(user)[:20] if allowed(actor, "accounts.view") else []


def back_to(partner: Partner, actor: Any) -> str:
    return "/company/" if actor.is_partner else partner.get_absolute_url()


def pending_changes(partner: Partner, actor: Any) -> list[dict[str, Any]]:
    """What somebody wants changed and others have to approve: old and new, who asked, whose turn it is.

    What was sent back stands here too, with what is asked, until its submitter hands it in again or withdraws it.
    """
    rows = PartnerChange.objects.visible_to(actor).open().filter(partner=partner)
    may = allowed(actor, "partners.edit", partner)
    return [
        {
            "change": change,
            "lines": lines_of(change),
            "approval": approvals.of_object(CODE, change.pk, actor),
            "may_amend": may and change.state == "returned" and change.asked_by_id == actor.user_id,
            "may_withdraw": may and (change.asked_by_id == actor.user_id or actor.role == Role.ADMINISTRATOR),
        }
        for change in rows
    ]
