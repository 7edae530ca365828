"""Who is told about corrections of statements by hand. A notice is stored once per fact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prm.access.rules import who_may
from prm.notices.services import notify
from prm.outbox.events import listens_to
from prm.ui import said
from rebates.correction_events import CorrectionDecided, CorrectionProposed
from rebates.models import ManualAdjustment


@listens_to(CorrectionProposed)
def ask_a_second_person_about_a_correction(fact: CorrectionProposed) -> None:
    found = _found(fact.adjustment_id)
    people = [user for user in who_may("rebates.approve", found) if user.pk != found.proposed_by_id]
    _tell(people, "correction_proposed", found, reason=found.reason)


@listens_to(CorrectionDecided)
def tell_the_proposer(fact: CorrectionDecided) -> None:
    """Whoever proposed it, unless they took it back themselves."""
    found = _found(fact.adjustment_id)
    if found.proposed_by is None or found.proposed_by_id == found.refused_by_id:
        return
    if found.refused_at is None:
        _tell([found.proposed_by], "correction_confirmed", found, other=found.confirmer)
    else:
        _tell([found.proposed_by], "correction_refused", found, other=found.refuser, reason=found.refusal)


def _found(pk: int) -> ManualAdjustment:
    rows = ManualAdjustment.objects.for_everyone(because="an event names it").for_list()
    return rows.select_related("proposed_by").get(pk=pk)


def _tell(people: Iterable[Any], kind: str, found: ManualAdjustment, **more: Any) -> None:
    notify(
        users=people, kind=f"rebates.{kind}", fact=f"{kind}:{found.pk}", link=found.get_absolute_url(),
        values={
            "number": found.number, "partner": found.partner.name, "statement": found.statement.number,
            "amount": said.Money(found.amount, found.currency), "who": found.proposer, **more,
        },
    )  # fmt: skip
