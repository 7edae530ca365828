"""What corrections of statements by hand tell the platform: menu, notices, work that waits, words of the trail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.access.roles import Role
from prm.audit import words
from prm.notices import kinds, work
from prm.ui import menu
from prm.values import pulse
from prm.values.actor import Actor

MONEY = (Role.FINANCE, Role.ADMINISTRATOR)
NOTICES = {
    "correction_proposed": (
        _("A correction of a statement waits for a second person"), _("Confirm %(amount)s for %(partner)s?"),
        _("%(number)s corrects %(statement)s. %(who)s: %(reason)s"),
    ),
    "correction_confirmed": (
        _("Your correction of a statement was confirmed"), _("%(number)s was confirmed: %(amount)s for %(partner)s"),
        _("%(other)s confirmed it. The next close posts it."),
    ),
    "correction_refused": (
        _("Your correction of a statement was not confirmed"), _("%(number)s was not confirmed"),
        _("%(other)s: %(reason)s"),
    ),
}  # fmt: skip


def register() -> None:
    for name, (label, title, body) in NOTICES.items():
        kinds.register(f"rebates.{name}", icon="scale", roles=MONEY, label=label, title=title, body=body)
    words.register(
        {
            "correction proposed": _("correction by hand proposed"),
            "correction confirmed": _("correction by hand confirmed"),
            "correction not confirmed": _("correction by hand not confirmed"),
        }
    )
    words.keep_internal(["correction proposed", "correction confirmed", "correction not confirmed"])
    words.register_names({"adjustment": pgettext_lazy("change", "adjustment")})
    work.register(open_work, count=count_open_work, verb="rebates.approve")
    menu.register(
        section="Money", label=_("Adjustments"), icon="scale", url="rebates:adjustments", verb="rebates.view_runs",
        order=47, count=count_open_work,
    )  # fmt: skip


def open_work(actor: Actor) -> Iterable[work.Work]:
    """Corrections that a second person has to confirm."""
    for found in _waiting(actor).for_list().order_by("proposed_at")[: work.MOST]:
        yield work.Work(
            title=found.partner.name, link=found.get_absolute_url(), since=found.proposed_at, subtitle=found.number,
            kind=_("Correction to confirm"), icon="scale",
        )  # fmt: skip


def count_open_work(actor: Actor) -> int:
    def count() -> int:
        return pulse.kept("corrections", actor, lambda: _waiting(actor).count())

    return menu.once("corrections", count)


def _waiting(actor: Actor) -> Any:
    from rebates.models import ManualAdjustment

    if "rebates.approve" not in actor.permissions:
        return ManualAdjustment.objects.none()
    return ManualAdjustment.objects.all().to_confirm_by(actor)
