"""Reads of people and invitations."""

from __future__ import annotations

from collections import Counter

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet
from django.shortcuts import get_object_or_404

from prm.access.roles import STAFF_ROLES
from prm.access.scope import actor_for
from prm.accounts import companies
from prm.accounts.models import Invitation, OwnRole, User
from prm.values.actor import Actor


def people() -> QuerySet[User]:
    """All people of the tenant, with `second_factor`."""
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    return User.objects.select_related("own_role").annotate(second_factor=Exists(factor))


def person(pk: int) -> User:
    return get_object_or_404(people(), pk=pk)


def colleagues(actor: Actor) -> QuerySet[User]:
    """The people of a partner user's own company."""
    if actor.partner_id is None:
        return people().none()
    return people().filter(pk__in=companies.user_ids_of(actor.partner_id))


def same_house(user: User) -> QuerySet[User]:
    """The others of a person's own side: staff for staff, for a partner's person those of the own company."""
    if user.is_partner_user:
        return colleagues(actor_for(user)).exclude(pk=user.pk)
    return people().filter(role__in=STAFF_ROLES).exclude(pk=user.pk)


def invitations_of_company(actor: Actor) -> QuerySet[Invitation]:
    """Invitations to a partner user's own company that nobody has answered yet."""
    if actor.partner_id is None:
        return Invitation.objects.none()
    return open_invitations().filter(partner_id=actor.partner_id)


def open_invitations() -> QuerySet[Invitation]:
    """Invitations that nobody has accepted or withdrawn; expired ones too, since they can be sent again."""
    rows = Invitation.objects.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)
    return rows.select_related("invited_by", "own_role")


def own_roles() -> QuerySet[OwnRole]:
    """The tenant's own roles, by name; they are no partner's."""
    return OwnRole.objects.all()


def own_role_of(code: str) -> OwnRole:
    return get_object_or_404(OwnRole, code=code)


def role_counts() -> tuple[Counter[str], Counter[int]]:
    """How many active people have each built-in role as it is, and each own role."""
    active = User.objects.filter(is_active=True)
    built_in = Counter(active.filter(own_role=None).values_list("role", flat=True))
    return built_in, Counter(active.exclude(own_role=None).values_list("own_role_id", flat=True))


class CompanyNames:
    """Names of companies for one page of people: one query, made when the first name is asked for."""

    def __init__(self) -> None:
        self._names: dict[int, str] | None = None

    def __call__(self, user: User) -> str:
        if not user.is_partner_user:
            return ""
        if self._names is None:
            ids = User.objects.filter(role__startswith="partner_").values_list("pk", flat=True)
            self._names = companies.names_of(ids)
        return self._names.get(user.pk, "")
