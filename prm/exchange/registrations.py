"""What exchange rates tell the rest: menu, words of the audit trail, work that waits."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from prm.audit import words
from prm.exchange.models import Batch
from prm.notices import work
from prm.outbox import objects
from prm.ui import menu
from prm.values.actor import Actor

MOST = 50


def register() -> None:
    objects.register("rates", "exchange.Batch", verb="exchange.view")
    words.register(
        {
            "rates_proposed": _("exchange rates entered"),
            "rates_confirmed": _("exchange rates confirmed"),
            "rates_rejected": _("exchange rates not confirmed"),
            "exchange_configured": _("choice of exchange rates changed"),
        }
    )
    words.register_types(
        {"exchange.batch": _("Exchange rates"), "exchange.policy": _("Choice of exchange rates")}
    )
    words.register_names({"rates": _("exchange rates")})
    work.register(open_work, sets=open_sets)
    menu.register(
        section="Money", label=_("Exchange rates"), icon="coin", url="exchange:rates",
        verb="exchange.view", order=70,
    )  # fmt: skip


def open_work(actor: Actor) -> Iterable[work.Work]:
    """Rates that somebody else entered and that this person may confirm."""
    if "exchange.confirm" not in actor.permissions:
        return
    for batch in Batch.objects.waiting_for(actor).with_size().order_by("id")[:MOST]:
        size = ngettext("%(count)s rate", "%(count)s rates", batch.size) % {"count": batch.size}
        yield work.Work(
            title=f"{batch.source}: {size}", link=batch.get_absolute_url(), since=batch.proposed_at,
            subtitle=batch.proposer, kind=_("Exchange rates to confirm"), icon="coin",
        )  # fmt: skip


def open_sets(actor: Actor) -> Iterable[QuerySet]:
    if "exchange.confirm" in actor.permissions:
        yield Batch.objects.waiting_for(actor)
