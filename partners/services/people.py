"""Who belongs to a partner, who looks after it, and who may see it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from guardian.shortcuts import assign_perm, remove_perm

from partners.errors import AlreadyMember, NotAChannelManager, NothingLeft
from partners.events import ManagerAssigned
from partners.models import Member, Partner, PartnerChange, PartnerGrant
from partners.services.changes import Amendment, hold_amended, write_or_ask
from prm.access.roles import PARTNER_ROLES, Role
from prm.access.rules import require
from prm.accounts.errors import NotOneself
from prm.accounts.services import end_all_sessions
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor

PERMISSION = "partners.access_partner"


@transaction.atomic
def add_member(*, partner: Partner, user: Any, by: Actor) -> Member:
    """Make `user` one of the partner's people from today on. Raises AlreadyMember."""
    require(by, "partners.manage_people", partner)
    partner = Partner.objects.locked(partner)
    today = clock.today()
    if (
        Member.objects.for_everyone(because="a person belongs to one partner")
        .filter(user=user)
        .on(today)
        .exists()
    ):
        raise AlreadyMember()
    member = Member.objects.create(partner=partner, user=user, during=(today, None))
    assign_perm(PERMISSION, user, partner)
    record(partner, "member_added", by=by, changes={"member": [None, str(user)]})
    return member


@transaction.atomic
def end_membership(*, member: Member, by: Actor) -> None:
    """The person leaves the partner at once: signed out everywhere, sees nothing any more; the history stays.

    What the person was granted on other partners (a distributor's resellers) goes too. Doing it twice changes nothing.
    """
    require(by, "partners.manage_people", member)
    partner = Partner.objects.locked(member.partner)
    member = Member.objects.locked(member)
    if member.user_id == by.user_id:
        raise NotOneself()
    today = clock.today()
    if member.has_ended(today):
        return
    # Somebody who came today was a member for no day at all, and still has been one.
    came_today = member.during.lower >= today
    member.during = DateRange(empty=True) if came_today else DateRange(member.during.lower, today)
    member.save(update_fields=["during"])
    PartnerGrant.objects.filter(user_id=member.user_id).delete()
    ended = end_all_sessions(member.user)
    changes: dict[str, list[Any]] = {"member": [str(member.user), None], "sessions_ended": [None, ended]}
    record(partner, "member_left", by=by, changes=changes)


@transaction.atomic
def assign_manager(
    *, partner: Partner, user: Any, by: Actor, reason: str = "", amends: Amendment | None = None
) -> Partner:
    """Let a channel manager look after the partner. Doing it twice changes nothing. Raises NotAChannelManager.

    Where a flow has to decide about it, it is only asked for: ChangeWaits while another such change waits.
    """
    require(by, "partners.assign", partner)
    if user.role != Role.CHANNEL_MANAGER or not user.is_active:
        raise NotAChannelManager()
    hold_amended(amends)
    partner = Partner.objects.locked(partner)
    if user.pk in _granted_users(partner):
        return _nothing_to_do(partner, amends)
    return _manager_or_ask(partner, user, True, by, reason, amends)


@transaction.atomic
def unassign_manager(
    *, partner: Partner, user: Any, by: Actor, reason: str = "", amends: Amendment | None = None
) -> Partner:
    """The channel manager no longer looks after the partner, and no longer sees it; or that is asked for."""
    require(by, "partners.assign", partner)
    hold_amended(amends)
    partner = Partner.objects.locked(partner)
    if user.role in PARTNER_ROLES or user.pk not in _granted_users(partner):
        return _nothing_to_do(partner, amends)
    return _manager_or_ask(partner, user, False, by, reason, amends)


def _nothing_to_do(partner: Partner, amends: Amendment | None) -> Partner:
    if amends is not None:
        raise NothingLeft()
    return partner


def _manager_or_ask(
    partner: Partner, user: Any, assigned: bool, by: Actor, reason: str, amends: Amendment | None
) -> Partner:
    return write_or_ask(
        partner=partner, kind=PartnerChange.Kind.MANAGER, by=by, reason=reason, amends=amends,
        wanted={"manager": user.pk, "assigned": assigned},
        changes={"manager": [None, str(user)] if assigned else [str(user), None]},
        write=lambda: write_manager(partner=partner, user=user, assigned=assigned, by=by, reason=reason),
    )  # fmt: skip


def write_manager(*, partner: Partner, user: Any, assigned: bool, by: Actor, reason: str = "") -> None:
    """Assign a channel manager to a locked partner, or take them off."""
    if not assigned:
        remove_perm(PERMISSION, user, partner)
        record(partner, "manager_unassigned", by=by, changes={"manager": [str(user), None]}, reason=reason)
        return
    if user.role != Role.CHANNEL_MANAGER or not user.is_active:
        raise NotAChannelManager()
    assign_perm(PERMISSION, user, partner)
    record(partner, "manager_assigned", by=by, changes={"manager": [None, str(user)]}, reason=reason)
    emit(ManagerAssigned(partner_id=partner.pk, user_id=user.pk), object_key=f"partner:{partner.pk}")


def looks_after(partner: Partner, user_id: int) -> bool:
    """Whether the person is assigned to the partner."""
    return user_id in _granted_users(partner)


@transaction.atomic
def grant_access(*, partner: Partner, user: Any, by: Actor) -> None:
    """Let a distributor's administrator see one more partner, such as its reseller."""
    require(by, "partners.assign", partner)
    assign_perm(PERMISSION, user, partner)
    record(partner, "access_granted", by=by, changes={"access": [None, str(user)]})


@transaction.atomic
def revoke_access(*, partner: Partner, user: Any, by: Actor) -> None:
    """Take back what grant_access gave."""
    require(by, "partners.assign", partner)
    remove_perm(PERMISSION, user, partner)
    record(partner, "access_revoked", by=by, changes={"access": [str(user), None]})


def _granted_users(partner: Partner) -> set[int]:
    return set(PartnerGrant.objects.filter(content_object=partner).values_list("user_id", flat=True))


@transaction.atomic
def join_by_invitation(*, partner_id: int, user: Any, by: Actor) -> Member:
    """An invited person becomes a member. The right to invite was checked when the invitation was sent."""
    partner = Partner.objects.for_everyone(because="named by the invitation").get(pk=partner_id)
    return add_member(
        partner=partner, user=user, by=Actor.job("invitation").with_(user_id=by.user_id, label=by.label)
    )
