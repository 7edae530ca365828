"""Changes of a partner as a subject of approval flows: what of it changes, who asked, who decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from partners.models import PartnerChange
from partners.querysets import managers_of
from prm.access.roles import Role
from prm.approvals import subjects
from prm.approvals.subjects import Subject
from prm.audit.history import changes_of
from prm.ui.parts import Fact
from prm.values.actor import Actor

CODE = "partner_change"


def register() -> None:
    subjects.register(
        Subject(
            code=CODE,
            label=_("Partner change"),
            model="partners.PartnerChange",
            verb="partners.edit",
            title=lambda change: change.partner.name,
            submitter=lambda change: change.asked_by_id,
            own=lambda change: (change.asked_by_id,),
            managers=lambda change: list(managers_of(change.partner)) if change.partner.pk else [],
            facts=facts,
            brief=lambda change: [f"{one['field']}: {one['old']} → {one['new']}" for one in lines_of(change)],
            approve=approve,
            reject=reject,
            hand_back=hand_back,
            deciders=(Role.ADMINISTRATOR, Role.CHANNEL_MANAGER),
            conditions=CODE,
            without=_("Every change is written at once; nobody is asked."),
            tells_submitter=True,
            icon="building-store",
        )
    )


def approve(change: PartnerChange, *, by: Actor, text: str, says: Mapping[str, Any]) -> None:
    from partners.services.changes import apply_change

    apply_change(change=change, by=by)


def reject(change: PartnerChange, *, by: Actor, text: str, says: Mapping[str, Any]) -> None:
    from partners.services.changes import refuse_change

    refuse_change(change=change, by=by, reason=text)


def hand_back(change: PartnerChange, *, by: Actor, text: str, says: Mapping[str, Any]) -> None:
    from partners.services.changes import return_change

    return_change(change=change, by=by, text=text)


def lines_of(change: PartnerChange) -> list[dict[str, Any]]:
    """Each field with old and new in the reader's words, as the audit trail would tell it."""
    return changes_of(cast(Any, change))


def facts(change: PartnerChange, actor: Actor) -> Iterable[Fact]:
    """What a decider reads first: each field, old and new."""
    found = [Fact(_("Partner"), change.partner.name, href=change.get_absolute_url())]
    found += [
        Fact(capfirst(one["field"]), f"{one['old']} → {one['new']}", strong=True) for one in lines_of(change)
    ]
    found += [Fact(_("Asked by"), change.asked_by_label), Fact(_("Reason"), change.reason)]
    return [fact for fact in found if fact.value]
