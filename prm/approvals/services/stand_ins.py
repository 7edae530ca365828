"""While somebody is away: who decides in their place, from which day to which."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from prm.access.roles import PARTNER_ROLES
from prm.access.rules import require
from prm.approvals import events, people
from prm.approvals.errors import DaysInOrder, DaysOverlap, DaysPast, MayNotDecide, ToYourself
from prm.approvals.models import Delegation
from prm.approvals.services.clockwork import bring_back, look_after
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor


@transaction.atomic
def name_stand_in(*, to: Any, first_day: date, last_day: date, by: Actor) -> Delegation:
    """For these days one's decisions go to `to`: what comes in, and from the first day on what waits already.

    They decide in their own name; what they may not decide stays with the one who is away (`people.left_with`).
    Raises MayNotDecide for somebody who decides about nothing that one decides about.
    """
    require(by, "approvals.delegate")
    own = get_user_model().objects.select_for_update().get(pk=by.user_id)
    today = clock.today()
    if to.pk == own.pk:
        raise ToYourself()
    if not to.is_active or to.role in PARTNER_ROLES or not people.decides_like(to, own):
        raise MayNotDecide(person=str(to), field="to")
    if last_day < first_day:
        raise DaysInOrder()
    if last_day < today:
        raise DaysPast()
    same = Delegation.objects.filter(
        user=own, ended_at=None, first_day__lte=last_day, last_day__gte=first_day
    )
    if same.exists():
        raise DaysOverlap()
    made = Delegation.objects.create(
        user=own, to=to, first_day=first_day, last_day=last_day, created_at=clock.now()
    )
    record(own, "stand_in_named", by=by, changes={"stand_in": [None, str(made.to)]})
    emit(events.StandInNamed(delegation_id=made.pk), object_key=f"user:{own.pk}")
    if first_day <= today:
        look_after(own.pk)
    return made


@transaction.atomic
def end_stand_in(*, pk: int, by: Actor) -> None:
    """One is back: decisions come to oneself again, also those that wait at the stand-in undecided."""
    require(by, "approvals.delegate")
    found = Delegation.objects.select_for_update().filter(pk=pk, user_id=by.user_id, ended_at=None).first()
    if found is not None:
        found.ended_at = clock.now()
        found.save(update_fields=["ended_at"])
        record(found.user, "stand_in_ended", by=by, changes={"stand_in": [str(found.to), None]})
        bring_back(found.user_id)
