"""Which person belongs to which company: the answers that accounts asks for, and whom notices go to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model

from partners.models import Member, Partner
from partners.services.people import add_member, join_by_invitation
from prm.access.roles import Role
from prm.accounts import companies
from prm.accounts.services import on_accept
from prm.values import clock
from prm.values.actor import Actor


def register() -> None:
    companies.register(
        choices=choices, names_of=names_of, user_ids_of=user_ids_of, name_of=name_of, was_at=was_at, join=join
    )
    on_accept(accept)


def choices(actor: Actor) -> list[tuple[int, str]]:
    """Partners for which the actor may invite people."""
    rows = Partner.objects.visible_to(actor).exclude(status__in=["exited", "rejected"]).order_by("name")
    return list(rows.values_list("pk", "name"))


def names_of(user_ids: list[int]) -> dict[int, str]:
    rows = (
        Member.objects.for_everyone(because="names of companies in the administrator's list of people")
        .filter(user_id__in=user_ids)
        .on(clock.today())
    )
    return dict(rows.values_list("user_id", "partner__name"))


def user_ids_of(partner_id: int) -> Any:
    rows = Member.objects.for_everyone(because="the people of one company, which the caller may see")
    return rows.filter(partner_id=partner_id).on(clock.today()).values("user_id")


def administrators_of(partner_ids: Iterable[int]) -> defaultdict[int, list[Any]]:
    """By partner: the active people who administer it today. For notices, which go to a company about its own."""
    rows = Member.objects.for_everyone(
        because="each partner's people are told of what is their own company's"
    )
    members = rows.filter(partner_id__in=partner_ids).on(clock.today())
    partner_of = dict(members.values_list("user_id", "partner_id"))
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for user in get_user_model().objects.filter(pk__in=partner_of, is_active=True, role=Role.PARTNER_ADMIN):
        found[partner_of[user.pk]].append(user)
    return found


def name_of(partner_id: int) -> str:
    rows = Partner.objects.for_everyone(because="named by an invitation that the reader holds or sent")
    return rows.filter(pk=partner_id).values_list("name", flat=True).first() or ""


def was_at(user_id: int, partner_id: int) -> bool:
    """Whether the person belongs to the partner or ever did."""
    rows = Member.objects.for_everyone(because="asked about one person and one company, for an invitation")
    return rows.filter(user_id=user_id, partner_id=partner_id).exists()


def join(*, partner: int, user: Any, by: Actor) -> Member:
    return add_member(partner=Partner.objects.visible_to(by).get(pk=partner), user=user, by=by)


def accept(**accepted: Any) -> None:
    """The invitation named a partner: the person belongs to it from today on."""
    invitation, user = accepted["invitation"], accepted["user"]
    if invitation.partner_id is not None:
        join_by_invitation(partner_id=invitation.partner_id, user=user, by=accepted["by"])
