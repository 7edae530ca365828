"""What the one box finds here: partners, the people who sign in, and the contacts whom one calls."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.customfields.showing import with_own
from prm.search import registry as search
from prm.values import clock


def register() -> None:
    search.register(
        "partners", label=_("Partners"), icon="building-store", find=find_partners, order=20, verb="partners.view",
        more=lambda text: f"/partners/?{urlencode({'view': 'all', 'q': text})}",
    )  # fmt: skip
    search.register("people", label=_("People"), icon="user", find=find_people, order=45)
    search.register(
        "contacts", label=_("Contacts"), icon="users", find=find_contacts, order=46,
        verb="partners.manage_contacts",
    )  # fmt: skip
    search.register(
        "contacts_of_staff", label=_("Contacts"), icon="users", find=find_contacts_of_partners, order=46,
        verb="partners.view",
    )  # fmt: skip


def find_partners(actor: Any, text: str, limit: int) -> list[search.Row]:
    """Visible partners by name, number or tax number."""
    from partners.models import Partner

    if not text:
        return []
    wanted = Q(name__icontains=text) | Q(number__iexact=text) | Q(tax_number__iexact=text)
    rows = Partner.objects.visible_to(actor)
    rows = with_own("partner", actor, rows, rows.filter(wanted), text)
    return [
        search.Row(row.name, row.get_absolute_url(), detail=row.number, state=row.get_status_display())
        for row in rows.order_by("name")[:limit]
    ]


def find_people(actor: Any, text: str, limit: int) -> list[search.Row]:
    """Who signs in, by name or e-mail.

    The administrator finds everybody, other staff the people of partners that they may see, a partner's administrator
    those of the own company.
    """
    from partners.models import Member

    if not text:
        return []
    if "accounts.view" in actor.permissions:
        return _everybody(actor, text, limit)
    own = "accounts.invite_colleague" in actor.permissions
    if not own and "partners.view" not in actor.permissions:
        return []
    members = Member.objects.visible_to(actor).on(clock.today()).filter(_named(text, "user__"))
    if own:
        members = members.filter(partner_id=actor.partner_id)
    return [
        search.Row(
            member.user.name,
            reverse("accounts:colleagues") if own else member.partner.get_absolute_url(),
            detail=" · ".join([member.user.email] if own else [member.user.email, member.partner.name]),
        )
        for member in members.select_related("user", "partner").order_by("user__name")[:limit]
    ]


def _everybody(actor: Any, text: str, limit: int) -> list[search.Row]:
    from partners.people import names_of
    from prm.accounts.reads import people

    found = list(people().filter(_named(text)).order_by("name")[:limit])
    companies = names_of([user.pk for user in found if user.is_partner_user]) if found else {}
    return [
        search.Row(
            user.name,
            user.get_absolute_url(),
            detail=" · ".join(filter(None, [user.email, companies.get(user.pk, "")])),
            state="" if user.is_active else str(_("Deactivated")),
        )
        for user in found
    ]


def find_contacts(actor: Any, text: str, limit: int) -> list[search.Row]:
    """For a partner's administrator: the contacts of the own company."""
    from partners.models import Contact

    if not text or actor.partner_id is None:
        return []
    rows = Contact.objects.visible_to(actor).filter(partner_id=actor.partner_id)
    return _contacts(rows, text, limit, lambda contact: reverse("partners:company"))


def find_contacts_of_partners(actor: Any, text: str, limit: int) -> list[search.Row]:
    """For staff: the contacts of every partner that they may see."""
    from partners.models import Contact

    if not text:
        return []
    rows = Contact.objects.visible_to(actor).select_related("partner")
    return _contacts(rows, text, limit, lambda contact: contact.partner.get_absolute_url(), company=True)


def _contacts(rows: QuerySet, text: str, limit: int, to: Any, *, company: bool = False) -> list[search.Row]:
    found = rows.filter(_named(text) | Q(phone__startswith=text)).order_by("name")[:limit]
    return [
        search.Row(
            row.name,
            to(row),
            detail=" · ".join(
                filter(None, [row.title, row.phone or row.email, company and row.partner.name])
            ),
        )
        for row in found
    ]


def _named(text: str, path: str = "") -> Q:
    """Name or e-mail holds `text`; an index serves each."""
    return Q(**{f"{path}name__icontains": text}) | Q(**{f"{path}email__icontains": text})
