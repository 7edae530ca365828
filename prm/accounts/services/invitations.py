"""Inviting people: a letter, a password of their own, a role."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import get_language

from prm.access.roles import PARTNER_ROLES, Role
from prm.access.rules import require
from prm.accounts import companies
from prm.accounts.errors import (
    AddressInUse,
    AlreadyInvited,
    ColleagueAlready,
    EmailTaken,
    InvitationNotOpen,
    NoPartnerForStaff,
    PartnerNeeded,
    RoleNotOffered,
    WeakPassword,
)
from prm.accounts.events import InvitationAccepted, InvitationSent
from prm.accounts.models import Invitation, OwnRole, User
from prm.accounts.services.roles import require_giving
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import NotAllowed

VALID_FOR = timedelta(days=14)
_on_accept: list[Callable[..., None]] = []


def on_accept(function: Callable[..., None]) -> Callable[..., None]:
    """Run `function(invitation=, user=, by=)` in the transaction in which an invitation is accepted."""
    if function not in _on_accept:
        _on_accept.append(function)
    return function


def token_of(invitation: Invitation, nonce: str = "") -> str:
    """The letter's token: the number and a signature that needs the installation's secret."""
    nonce = nonce or invitation.nonce
    return f"{invitation.pk}-{salted_hmac('accounts.invitation', f'{invitation.pk}:{nonce}').hexdigest()}"


def invitation_of(token: str) -> Invitation | None:
    """The invitation that a token opens, in whatever state; None for a token that was never (or is no longer) good."""
    number, _, signature = token.partition("-")
    if not number.isdecimal() or len(number) > 18:
        return None
    invitation = Invitation.objects.filter(pk=int(number)).first()
    if invitation is None or not constant_time_compare(token_of(invitation), token):
        return None
    return invitation


@transaction.atomic
def invite(
    *, email: str, name: str, role: str, by: Actor, partner: int | None = None, language: str = "",
    own_role: OwnRole | None = None,
) -> Invitation:  # fmt: skip
    """Invite a person. A partner's administrator invites colleagues only, and never learns who is here already."""
    partner = _check_inviter(by=by, role=role, partner=partner)
    require_giving(role, own_role, by)
    email = email.strip().lower()
    open_ones = Invitation.objects.select_for_update().filter(
        email__iexact=email, accepted_at__isnull=True, withdrawn_at__isnull=True
    )
    _check_address(email, partner, by)
    # Staff may see all invitations; a partner's administrator hears only of those of the own company.
    for other in open_ones.filter(partner_id=partner) if by.is_partner else open_ones:
        if other.is_open:
            raise AlreadyInvited()
        other.withdrawn_at = clock.now()
        other.save(update_fields=["withdrawn_at"])
    invitation = Invitation.objects.create(
        email=email,
        name=name.strip(),
        role=role,
        own_role=own_role,
        partner_id=partner,
        language=language or (get_language() or ""),
        nonce=secrets.token_urlsafe(24),
        invited_by_id=by.user_id,
        expires_at=clock.now() + VALID_FOR,
    )
    record(invitation, "invited", by=by, changes=_given(role, own_role, partner, by))
    _send(invitation)
    return invitation


def _check_address(email: str, partner: int | None, by: Actor) -> None:
    """Staff hear that somebody signs in with the address; a partner's administrator only of the own people."""
    known = User.objects.filter(email__iexact=email).first()
    if known is None:
        return
    if not by.is_partner:
        if not _may_come_back(known, partner):
            raise EmailTaken()
    elif User.objects.filter(pk=known.pk, pk__in=companies.user_ids_of(partner or 0)).exists():
        raise ColleagueAlready()


def _may_come_back(user: User, partner: int | None) -> bool:
    """Whether `user` once belonged to the partner, and to no company today."""
    if partner is None or not (user.is_active and user.is_partner_user):
        return False
    return not companies.names_of([user.pk]) and companies.was_at(user.pk, partner)


def returning_person(invitation: Invitation) -> User | None:
    """Who comes back to the invitation's company with the account of before; None for everybody else."""
    user = User.objects.filter(email__iexact=invitation.email).first()
    return user if user is not None and _may_come_back(user, invitation.partner_id) else None


def _given(role: str, own_role: OwnRole | None, partner: int | None, by: Actor) -> dict[str, list[Any]]:
    """What the audit trail keeps of an invitation: the role, and the partner by name."""
    given = {"role": [None, role]}
    if own_role is not None:
        given["own_role"] = [None, str(own_role)]
    if partner is not None:
        given["partner"] = [None, dict(companies.choices(by)).get(partner, str(partner))]
    return given


def _check_inviter(*, by: Actor, role: str, partner: int | None) -> int | None:
    """The partner that the invitation is for, or the refusal."""
    if by.is_partner:
        require(by, "accounts.invite_colleague")
        if role not in PARTNER_ROLES:
            raise RoleNotOffered()
        if by.partner_id is None or partner not in (None, by.partner_id):
            raise NotAllowed()
        return by.partner_id
    require(by, "accounts.manage")
    if role not in Role.values:
        raise RoleNotOffered()
    if role in PARTNER_ROLES:
        if partner is None:
            raise PartnerNeeded()
        if not by.is_system and partner not in dict(companies.choices(by)):
            raise PartnerNeeded()
        return partner
    if partner is not None:
        raise NoPartnerForStaff()
    return None


def _send(invitation: Invitation) -> None:
    emit(
        InvitationSent(invitation_id=invitation.pk, nonce=invitation.nonce),
        object_key=f"invitation:{invitation.pk}",
    )


def require_over(invitation: Invitation, by: Actor) -> None:
    """Raise NotAllowed unless `by` may change this invitation."""
    if by.is_partner:
        require(by, "accounts.invite_colleague")
        if by.partner_id is None or invitation.partner_id != by.partner_id:
            raise NotAllowed()
    else:
        require(by, "accounts.manage")


@transaction.atomic
def resend_invitation(*, invitation: Invitation, by: Actor) -> Invitation:
    """Send the letter again with a new link, good for another 14 days; the old link ends."""
    require_over(invitation, by)
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if invitation.accepted_at or invitation.withdrawn_at:
        raise InvitationNotOpen()
    invitation.nonce = secrets.token_urlsafe(24)
    invitation.expires_at = clock.now() + VALID_FOR
    invitation.save(update_fields=["nonce", "expires_at"])
    record(invitation, "invitation_resent", by=by)
    _send(invitation)
    return invitation


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: Actor) -> Invitation:
    """End an open invitation; its link opens nothing any more."""
    require_over(invitation, by)
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if invitation.accepted_at or invitation.withdrawn_at:
        raise InvitationNotOpen()
    invitation.withdrawn_at = clock.now()
    invitation.save(update_fields=["withdrawn_at"])
    record(invitation, "invitation_withdrawn", by=by)
    return invitation


@transaction.atomic
def accept_invitation(*, invitation: Invitation, name: str, password: str, by: Actor) -> User:
    """Make the person who holds the letter a user. Works once; `by` is the visitor, whom the token allows."""
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if not invitation.is_open:
        raise InvitationNotOpen()
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise AddressInUse()
    name = name.strip()
    _check_password(password, User(email=invitation.email, name=name))
    # The invitation's language was the letter's; the account follows the browser until its person chooses.
    user = User.objects.create_user(
        invitation.email, password, name=name, role=invitation.role, own_role=invitation.own_role
    )
    return _come_in(invitation, user, was=None, by=by)


@transaction.atomic
def accept_again(*, invitation: Invitation, by: Actor) -> User:
    """Let a person back into the company that they had left, with the password and second factor of before."""
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if not invitation.is_open:
        raise InvitationNotOpen()
    user = returning_person(invitation)
    if user is None:
        raise AddressInUse()
    was, user.role = user.role, invitation.role
    user.save(update_fields=["role"])
    return _come_in(invitation, user, was=was, by=by)


def _come_in(invitation: Invitation, user: User, *, was: str | None, by: Actor) -> User:
    invitation.accepted_at = clock.now()
    invitation.save(update_fields=["accepted_at"])
    person = by.with_(kind="user", user_id=user.pk, label=user.name, role=user.role)
    for function in _on_accept:
        function(invitation=invitation, user=user, by=person)
    record(user, "invitation_accepted", by=person, changes={"role": [was, user.role]})
    emit(InvitationAccepted(invitation_id=invitation.pk, user_id=user.pk), object_key=f"user:{user.pk}")
    return user


def _check_password(password: str, user: Any) -> None:
    try:
        validate_password(password, user)
    except ValidationError as problem:
        raise WeakPassword(reasons=" ".join(problem.messages)) from None
