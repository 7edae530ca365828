"""Changes of a partner that a flow decides about: asked for, written, refused, withdrawn.

`write_or_ask` stands before every such change. Where the tenant has no flow for it, or the flow lets it through
without asking anybody, the change is written at once by whoever made it. Else it is tried and undone, so that what
the rules refuse is refused now; then it waits, and the end of the flow writes it in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models, transaction

from partners.approvals import CODE
from partners.errors import (
    AmendmentOfAnother,
    ChangeNotReturned,
    ChangeOfAnother,
    ChangeOver,
    ChangeStale,
    ChangeWaits,
    NothingAmended,
)
from partners.models import Partner, PartnerChange, Tier
from prm.access.roles import Role
from prm.access.rules import require
from prm.approvals import services as approvals
from prm.approvals.passing import passes_at_once
from prm.audit import words
from prm.audit.services import record
from prm.values import clock
from prm.values.actor import Actor

KIND, STATE = PartnerChange.Kind, PartnerChange.State


def write_or_ask(
    *, partner: Partner, kind: str, wanted: Mapping[str, Any], changes: Mapping[str, list[Any]],
    write: Callable[[], None], by: Actor, reason: str = "", amends: Amendment | None = None,
) -> Partner:  # fmt: skip
    """Write a change of a locked partner, or ask for it. Returns the partner as it then stands; what waits for its
    approval is its `asked_change`, what the flow rejected at once its `refused_change`.

    The product's own work and the operator's commands write at once. With `amends` it takes the place of what was
    asked for and sent back. Raises ChangeWaits, and what `write` raises.
    """
    if amends is not None:
        return _hand_in_again(partner, amends, kind, wanted, changes, write, by, reason)
    change = change_of(partner, kind, wanted, changes, by=by, reason=reason)
    if by.is_system or passes_at_once(CODE, change):
        write()
        return partner
    waiting = PartnerChange.objects.for_everyone(because="of the locked partner").open()
    if waiting.filter(partner=partner, kind=kind).exists():
        partner.refresh_from_db(fields=["name"])  # as it is called, not as it was to be called
        raise ChangeWaits(partner=partner.name, what=change.get_kind_display())
    _try(write)
    partner.refresh_from_db()
    change.save()
    record(partner, "change_asked", by=by, changes=change.changes, reason=change.reason)
    approvals.start_run(subject=CODE, obj=change, by=by)
    return _as_it_stands(partner, change)


def change_of(
    partner: Partner, kind: str, wanted: Mapping[str, Any], changes: Mapping[str, list[Any]], *, by: Actor,
    reason: str = "",
) -> PartnerChange:  # fmt: skip
    """What would be asked for, not saved."""
    return PartnerChange(
        partner=partner, kind=kind, wanted=dict(wanted), changes=_plain(changes), reason=reason.strip(),
        asked_by_id=by.user_id, asked_by_label=by.label[:200], asked_at=clock.now(),
    )  # fmt: skip


def _as_it_stands(partner: Partner, change: PartnerChange) -> Partner:
    """The partner after a run began or went on: a flow may have decided at once."""
    partner.refresh_from_db()
    change.refresh_from_db()
    partner.asked_change = change if change.state == STATE.PENDING else None
    partner.refused_change = change if change.state == STATE.REJECTED else None
    return partner


def _hand_in_again(
    partner: Partner, amends: Amendment, kind: str, wanted: Mapping[str, Any], changes: Mapping[str, list[Any]],
    write: Callable[[], None], by: Actor, reason: str,
) -> Partner:  # fmt: skip
    """What was sent back is asked for again, as amended; with nothing changed the answer in words is handed in."""
    change = PartnerChange.objects.locked(amends.change)
    check_amendment(change, partner=partner, kind=kind, by=by)
    _try(write)
    partner.refresh_from_db()
    now = (dict(wanted), _plain(changes), reason.strip())
    differs = now != (change.wanted, change.changes, change.reason)
    answer = amends.answer.strip()
    if not differs and not answer:
        raise NothingAmended()
    change.wanted, change.changes, change.reason = now
    change.state, change.returned_at = STATE.PENDING, None
    change.returned_text = change.returned_by_label = ""
    change.save()
    record(partner, "change_amended", by=by, changes=change.changes if differs else {}, reason=answer)
    approvals.resume_run(subject=CODE, obj=change, by=by, changed=differs, text=answer)
    return _as_it_stands(partner, change)


def check_amendment(change: PartnerChange, *, partner: Partner, kind: str, by: Actor) -> None:
    """Only what was sent back is amended, and only by whoever asked for it."""
    if change.state != STATE.RETURNED or (change.kind, change.partner_id) != (kind, partner.pk):
        raise ChangeNotReturned(state=change.get_state_display())
    if by.user_id is None or by.user_id != change.asked_by_id:
        raise AmendmentOfAnother(person=change.asked_by_label)


def hold_amended(amends: Amendment | None) -> None:
    """The run is locked before the partner, as by everybody who decides."""
    if amends is not None:
        approvals.hold(CODE, amends.change.pk)


@dataclass(frozen=True)
class Amendment:
    """Hands in again what was sent back: the change, and what its submitter answers."""

    change: PartnerChange
    answer: str = ""


class _Undone(Exception):
    """Ends the trial."""


def _try(write: Callable[[], None]) -> None:
    """Carry a change out and undo it: what the rules refuse is refused before anybody is asked."""
    try:
        with transaction.atomic():
            write()
            raise _Undone
    except _Undone:
        pass


@transaction.atomic
def apply_change(*, change: PartnerChange, by: Actor) -> PartnerChange:
    """Write an approved change. Raises ChangeStale when the partner was changed meanwhile; for the end of a flow."""
    partner = Partner.objects.locked(change.partner)
    change = _open(change)
    change.partner = partner
    _refuse_stale(partner, change)
    _write(partner, change, by)
    return _end(change, STATE.APPLIED)


def _refuse_stale(partner: Partner, change: PartnerChange) -> None:
    fields = ", ".join(
        words.name_of_field(change.object_type, name) for name in stale_fields(partner, change)
    )
    if fields:
        raise ChangeStale(partner=partner.name, fields=fields)


def stale_fields(partner: Partner, change: PartnerChange) -> list[str]:
    """The fields of a pending change that were changed since it was asked for."""
    from partners.services import companies, people, tiers

    wanted = change.wanted
    if change.kind == KIND.FACTS:
        return companies.stale_facts(partner, wanted)
    if change.kind == KIND.STATUS:
        return ["status"] if partner.status != wanted["before"] else []
    if change.kind == KIND.TIER:
        day = date.fromisoformat(wanted["first_day"])
        return ["tier"] if tiers.tier_code_on(partner, day) != wanted["before"] else []
    return ["manager"] if people.looks_after(partner, wanted["manager"]) == wanted["assigned"] else []


def _write(partner: Partner, change: PartnerChange, by: Actor) -> None:
    from partners.services import companies, people, tiers

    wanted = change.wanted
    how: dict[str, Any] = {"partner": partner, "reason": change.reason, "by": by}
    if change.kind == KIND.FACTS:
        companies.write_facts(wanted=wanted, **how)
    elif change.kind == KIND.STATUS:
        companies.write_status(status=wanted["status"], **how)
    elif change.kind == KIND.TIER:
        tier = Tier.objects.get(code=wanted["tier"])
        tiers.write_tier(tier=tier, first_day=date.fromisoformat(wanted["first_day"]), **how)
    else:
        user = get_user_model().objects.get(pk=wanted["manager"])
        people.write_manager(user=user, assigned=wanted["assigned"], **how)


@transaction.atomic
def refuse_change(*, change: PartnerChange, reason: str, by: Actor) -> PartnerChange:
    """Say no to a change, with the reason; for the end of a flow."""
    change = _open(change)
    record(change.partner, "change_rejected", by=by, changes=change.changes, reason=reason)
    return _end(change, STATE.REJECTED)


@transaction.atomic
def withdraw_change(*, change: PartnerChange, by: Actor) -> PartnerChange:
    """Nobody is asked any more: whoever asked takes it back, or an administrator."""
    require(by, "partners.edit", change.partner)
    approvals.hold(CODE, change.pk)  # the run before everything else
    change = _open(change, STATE.PENDING, STATE.RETURNED)
    if by.user_id != change.asked_by_id and by.role != Role.ADMINISTRATOR and not by.is_system:
        raise ChangeOfAnother(person=change.asked_by_label)
    record(change.partner, "change_withdrawn", by=by, changes=change.changes)
    change = _end(change, STATE.WITHDRAWN)
    approvals.cancel_run(subject=CODE, obj=change, by=by)
    return change


@transaction.atomic
def return_change(*, change: PartnerChange, text: str, by: Actor) -> PartnerChange:
    """Whoever asked for it has to change something first; for the end of a turn in a flow."""
    change = _open(change)
    change.state, change.returned_at = STATE.RETURNED, clock.now()
    change.returned_text, change.returned_by_label = text.strip(), by.label[:200]
    change.save(update_fields=["state", "returned_at", "returned_text", "returned_by_label"])
    record(change.partner, "change_returned", by=by, changes=change.changes, reason=text.strip())
    return change


def _open(change: PartnerChange, *states: str) -> PartnerChange:
    change = PartnerChange.objects.locked(change)
    if change.state not in (states or (STATE.PENDING,)):
        raise ChangeOver(state=change.get_state_display())
    return change


def _end(change: PartnerChange, state: str) -> PartnerChange:
    change.state, change.ended_at = state, clock.now()
    change.save(update_fields=["state", "ended_at"])
    return change


def _plain(changes: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """[old, new] as JSON keeps it: other rows by what they are called."""
    return {
        name: [str(value) if isinstance(value, models.Model) else value for value in pair]
        for name, pair in changes.items()
    }
