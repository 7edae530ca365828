"""What disputes tell the platform: notices, work that waits, search, menu, words of the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.access.roles import PARTNER_ROLES, Role
from prm.audit import words
from prm.notices import kinds, work
from prm.outbox import objects
from prm.search import registry as search
from prm.ui import formats, menu
from prm.values import pulse
from prm.values.actor import Actor

MONEY = (Role.FINANCE, Role.ADMINISTRATOR)
SHORTEST_NUMBER = 3
# Kind: who gets it, how it is called in the settings, heading, text.
NOTICES = {
    "opened": (
        MONEY, _("A partner disputes a statement"), _("%(partner)s disputes %(statement)s"),
        _("%(number)s, held back: %(held)s. %(reason)s"),
    ),
    "extended": (
        MONEY, _("A partner disputes more lines"), _("%(partner)s disputes more lines of %(statement)s"),
        _("%(number)s, held back now: %(held)s. %(reason)s"),
    ),
    "answered": (
        MONEY, _("A partner wrote about a dispute"), _("%(author)s wrote about %(number)s"), _("%(text)s"),
    ),
    "proposed": (
        MONEY, _("The sum of a dispute waits for a second person"), _("Confirm %(amount)s for %(partner)s?"),
        _("%(who)s proposed it for dispute %(number)s of %(statement)s."),
    ),
    "withdrawn": (
        MONEY, _("A partner withdrew a dispute"), _("%(partner)s withdrew %(number)s"),
        _("Nothing of %(statement)s is held back any more."),
    ),
    "asked_back": (
        PARTNER_ROLES, _("Finance asks about your dispute"), _("Finance asks about %(number)s"), _("%(text)s"),
    ),
    "message": (
        PARTNER_ROLES, _("Finance wrote about your dispute"), _("Finance wrote about %(number)s"), _("%(text)s"),
    ),
    "accepted": (
        PARTNER_ROLES, _("Your dispute was accepted"), _("%(number)s: %(state)s"),
        _("%(reason)s What it changes stands in your next statement."),
    ),
    "rejected": (
        PARTNER_ROLES, _("Your dispute was rejected"), _("%(number)s was rejected"),
        _("%(reason)s What was held back is paid as it was computed."),
    ),
}  # fmt: skip


def register() -> None:
    for name, (roles, label, title, body) in NOTICES.items():
        kinds.register(
            f"rebates.dispute_{name}", icon="message", roles=roles, label=label, title=title, body=body
        )
    objects.register("dispute", "rebates.Dispute", verb="rebates.view", find=("number",))
    work.register(open_work, count=count_open_work)
    menu.register(
        section="Money", label=_("Disputes"), icon="message", url="rebates:disputes", verb="rebates.view",
        order=45, count=count_open_work,
    )  # fmt: skip
    menu.register(
        section="", label=_("Disputes"), icon="message", url="rebates:disputes", verb="rebates.view",
        order=51, audience="partner", count=count_open_work,
    )  # fmt: skip
    search.register(
        "disputes",
        label=_("Disputes"),
        icon="message",
        find=find_disputes,
        order=64,
        verb="rebates.view",
    )
    words.register(
        {
            "ledger compared": _("own ledger compared"),
            "disputed": pgettext_lazy("done", "disputed"),
            "lines added": _("lines added"),
            "taken up": _("taken up"),
            "asked back": _("asked back"),
            "answered": _("answered"),
            "adjustment proposed": _("sum proposed"),
            "adjustment confirmed": _("sum confirmed"),
            "adjustment not confirmed": _("sum not confirmed"),
            "decided": pgettext_lazy("done", "decided"),
        }
    )
    words.keep_internal(["adjustment proposed", "adjustment confirmed", "adjustment not confirmed"])
    words.register_types({"rebates.dispute": _("Dispute of a statement")})
    words.register_names({"held": pgettext_lazy("change", "held back")})


def open_work(actor: Actor) -> Iterable[work.Work]:
    """Disputes on which it is this person's turn."""
    for dispute in _waiting(actor)[:50]:
        yield work.Work(
            title=dispute.number if actor.is_partner else dispute.partner.name, link=dispute.get_absolute_url(),
            since=dispute.state_since, due=dispute.due, icon="message",
            subtitle=f"{formats.month(dispute.statement.starts)} · {dispute.shown_to(actor).word}", kind=_("Dispute"),
        )  # fmt: skip


def count_open_work(actor: Actor) -> int:
    def count() -> int:
        return pulse.kept("disputes", actor, lambda: _waiting(actor).count_to(menu.COUNTED))

    return menu.once("disputes", count)


def _waiting(actor: Actor) -> Any:
    from rebates.models import Dispute

    return Dispute.objects.all().for_decision(actor)


def find_disputes(actor: Any, text: str, limit: int) -> list[search.Row]:
    """Visible disputes by their number or the statement's."""
    from rebates.models import Dispute

    if len(text) < SHORTEST_NUMBER:
        return []
    rows = Dispute.objects.visible_to(actor).for_list().numbered(text)
    return [
        search.Row(
            row.number, row.get_absolute_url(), detail="" if actor.is_partner else row.partner.name,
            state=str(shown.word), tone=shown.tone,
        )
        for row in rows[:limit]
        for shown in [row.shown_to(actor)]
    ]  # fmt: skip
