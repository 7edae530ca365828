"""What reversals of figures of before go-live tell the platform: menu, notices, work that waits, words of the trail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.access.roles import Role
from prm.access.rules import who_may
from prm.audit import words
from prm.notices import kinds, work
from prm.notices.services import notify
from prm.outbox.events import listens_to
from prm.ui import menu
from prm.values.actor import Actor
from rebates.golive_events import GoLiveRowTakenBack, GoLiveTakingBackAsked

MONEY = (Role.FINANCE, Role.ADMINISTRATOR)


def register() -> None:
    kinds.register(
        "rebates.reversal_asked", icon="arrow-back-up", roles=MONEY,
        label=_("A figure of before go-live waits to be taken back"),
        title=_("Take back a figure of %(partner)s?"), body=_("%(programme)s. %(who)s: %(reason)s"),
    )  # fmt: skip
    kinds.register(
        "rebates.reversal_done", icon="arrow-back-up", roles=MONEY, label=_("A figure of before go-live is taken back"),
        title=_("A figure of %(partner)s was taken back"), body=_("%(programme)s. %(who)s: %(reason)s"),
    )  # fmt: skip
    words.register(
        {
            "reversal asked for": _("reversal of a figure of before go-live asked for"),
            "taken back": _("figure of before go-live taken back"),
            "reversal not confirmed": _("reversal not confirmed"),
        }
    )
    work.register(open_work, count=count_open_work, verb="rebates.bring_in")
    menu.register(
        section="Money", label=_("Settled before go-live"), icon="database-import", url="rebates:golive_settled",
        verb="rebates.bring_in", order=66,
    )  # fmt: skip


def open_work(actor: Actor) -> Iterable[work.Work]:
    """Figures that a second person takes back."""
    for found in _waiting(actor):
        yield work.Work(
            title=found.row.partner.name, link=found.get_absolute_url(), since=found.asked_at,
            subtitle=str(found.row.programme), kind=_("Figure of before go-live to take back"), icon="arrow-back-up",
        )  # fmt: skip


def count_open_work(actor: Actor) -> int:
    return len(_waiting(actor))


def _waiting(actor: Actor) -> list[Any]:
    from rebates.models import GoLiveReversal

    if "rebates.bring_in" not in actor.permissions:
        return []
    return list(GoLiveReversal.objects.visible_to(actor).to_confirm_by(actor)[: work.MOST])


@listens_to(GoLiveTakingBackAsked)
def ask_a_second_person_to_take_back(fact: GoLiveTakingBackAsked) -> None:
    _tell("reversal_asked", fact.reversal_id, asker=True)


@listens_to(GoLiveRowTakenBack)
def tell_that_a_row_is_taken_back(fact: GoLiveRowTakenBack) -> None:
    _tell("reversal_done", fact.reversal_id, asker=False)


def _tell(kind: str, reversal_id: int, *, asker: bool) -> None:
    from rebates.models import GoLiveReversal

    found = GoLiveReversal.objects.get(pk=reversal_id)
    doer = found.asked_by_id if asker else found.decided_by_id
    notify(
        users=[user for user in who_may("rebates.bring_in", found.row) if user.pk != doer], kind=f"rebates.{kind}",
        fact=f"{kind}:{found.pk}", link=found.get_absolute_url(),
        values={
            "partner": found.row.partner.name, "programme": str(found.row.programme), "reason": found.reason,
            "who": found.asker if asker else found.decider,
        },
    )  # fmt: skip
