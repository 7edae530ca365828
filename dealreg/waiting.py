"""The promise clock: for whom a registration waits, since when, and until when an answer is promised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model

from dealreg.models import DealRegistration
from partners.models import PartnerGrant
from prm.access.roles import Role
from prm.approvals import reads as approvals
from prm.ui import formats
from prm.values import clock

WORKING_DAYS = 5  # Monday to Friday


def promised_by(since: datetime) -> datetime:
    """The same time on the next working day, in the tenant's zone: what a partner is promised."""
    local = since.astimezone(clock.tenant_zone()) + timedelta(days=1)
    while local.weekday() >= WORKING_DAYS:
        local += timedelta(days=1)
    return local


def deciders_by_partner(partner_ids: Iterable[int]) -> dict[int, list[Any]]:
    """For each partner the people who decide about its registrations; two queries, however many partners.

    The channel managers assigned to it; without one, those who see all partners, then the administrators.
    """
    wanted = set(partner_ids)
    found: dict[int, list[Any]] = {}
    grants = (
        PartnerGrant.objects.filter(content_object_id__in=wanted)
        .filter(user__role=Role.CHANNEL_MANAGER, user__is_active=True)
        .select_related("user")
        .order_by("user__name")
    )
    for grant in grants:
        found.setdefault(grant.content_object_id, []).append(grant.user)
    if wanted - set(found):
        general = general_deciders()
        found |= dict.fromkeys(wanted - set(found), general)
    return found


def deciders(registration: DealRegistration, approval: Any = None) -> list[Any]:
    """Whose turn it is in the flow that is under way; where none is, who may decide: never who registered it."""
    if approval is not None and approval.run.is_open:
        return approval.people
    turn = approvals.deciders_of("deal", registration.pk) if approval is None else None
    if turn is not None:
        return turn
    own = (registration.created_by_id, registration.submitted_by_id)
    people = deciders_by_partner([registration.partner_id])[registration.partner_id]
    return [user for user in people if user.pk not in own] or [
        u for u in general_deciders() if u.pk not in own
    ]


def general_deciders() -> list[Any]:
    """Who decides where no manager is assigned: those who see all partners, else the administrators."""
    roles = [Role.CHANNEL_MANAGER, Role.ADMINISTRATOR]
    people = get_user_model().objects.filter(role__in=roles, is_active=True).order_by("name")
    managers = [user for user in people if user.role == Role.CHANNEL_MANAGER and user.all_partners]
    return managers or [user for user in people if user.role == Role.ADMINISTRATOR]


@dataclass(frozen=True)
class Wait:
    """`who` in words; `mine`: it waits for the reader; `due` is None when nothing is promised."""

    who: str
    since: datetime
    mine: bool
    due: datetime | None

    @property
    def is_late(self) -> bool:
        return self.due is not None and self.due < clock.now()

    @property
    def since_short(self) -> str:
        return short_moment(self.since)

    @property
    def due_short(self) -> str:
        """Always with its day: beside an older "since", an hour alone could be of any day."""
        if self.due is None:
            return ""
        return f"{formats.day(formats.local(self.due).date(), table=True)} {formats.clock_time(self.due)}"


def short_moment(moment: datetime) -> str:
    """ "09:22" for today, else with the day: "12 Nov 2026 09:22"."""
    local = moment.astimezone(clock.tenant_zone())
    if local.date() == clock.today():
        return formats.clock_time(local)
    return f"{formats.day(local.date(), table=True)} {formats.clock_time(local)}"


def wait_of(
    registration: DealRegistration, people: Iterable[Any], *, reader_id: int | None, partner_reads: bool,
    turn: Any = None,
) -> Wait | None:  # fmt: skip
    """The wait of a registration as its reader is told; None when it waits for nobody.

    A flow's `turn` (its promise clock) says since when and until when, and promises nothing where its step has no
    deadline; without a flow the registration does.
    """
    if registration.waiting_since is None:
        return None
    since = registration.waiting_since
    if registration.waits_for_partner:
        return Wait(registration.partner.name, since, mine=partner_reads, due=None)
    people = list(people)
    mine = any(user.pk == reader_id for user in people)
    if turn is not None:
        return Wait(turn.who, turn.since, mine=mine, due=turn.due)
    return Wait(formats.names(people), since, mine=mine, due=promised_by(since))
