"""What the partners app tells the platform: verbs, scope, menu, search."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.access import permissions, scope
from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role
from prm.audit import words
from prm.notices import kinds, work
from prm.outbox import objects, told
from prm.ui import menu
from prm.values import clock
from prm.values.actor import Actor

ADMIN, MANAGER = Role.ADMINISTRATOR, Role.CHANNEL_MANAGER


def register() -> None:
    from partners import finding, home, people

    objects.register("partner", "partners.Partner", verb="partners.view", find=("name", "number"))
    told.register(
        "partner", "partners.Partner", partner_number="str", partner_name="str", state="str",
        read=lambda row: {"partner_number": row.number, "partner_name": row.name, "state": row.status},
    )  # fmt: skip
    people.register()
    home.register()
    _register_words()
    permissions.register("partners.view", label=_("See partners"), roles=STAFF_ROLES, reads=True)
    permissions.register("partners.create", label=_("Add partners"), roles=[ADMIN, MANAGER])
    permissions.register("partners.edit", label=_("Change partners"), roles=[ADMIN, MANAGER])
    permissions.register("partners.set_tier", label=_("Change a partner's tier"), roles=[ADMIN, MANAGER])
    permissions.register("partners.configure", label=_("Set up tiers"), roles=[ADMIN], sensitive=True)
    permissions.register(
        "partners.assign", label=_("Assign partners to channel managers"), roles=[ADMIN], sensitive=True
    )
    permissions.register(
        "partners.manage_people",
        label=_("Manage a partner's people"),
        roles=[ADMIN, MANAGER, Role.PARTNER_ADMIN],
        sensitive=True,
    )
    permissions.register(
        "partners.manage_contacts",
        label=_("Manage a partner's contacts"),
        roles=[ADMIN, MANAGER, Role.PARTNER_ADMIN],
    )
    permissions.register(
        "partners.export", label=_("Export partners"), roles=[ADMIN, MANAGER], sensitive=True, reads=True
    )
    permissions.register("company.view", label=_("See the own company"), roles=PARTNER_ROLES, reads=True)
    permissions.register_area("partners", _("Partners"), names=["partners", "company"], order=5)
    scope.register_partners(granted=granted_partner_ids, own_company=own_partner_id)
    _register_menu()
    finding.register()
    work.register(sent_back, count=count_sent_back, verb="partners.edit")
    kinds.register(
        "partners.changed", icon="building-store", roles=[MANAGER], label=_("Data of a partner of mine change"),
        title=_("%(partner)s was changed"), body=_("%(who)s changed: %(fields)s"),
    )  # fmt: skip
    kinds.register(
        "partners.tier_changed", icon="medal", roles=PARTNER_ROLES, label=_("Your tier changes"),
        title=_("%(partner)s: %(tier)s from %(day)s on"), body=_("%(reason)s"),
    )  # fmt: skip


def _register_menu() -> None:
    menu.register(
        section="Channel",
        label=_("Partners"),
        icon="building-store",
        url="partners:list",
        verb="partners.view",
        order=10,
    )
    menu.register(
        section="Channel", label=_("Tier review"), icon="stairs-up", url="partners:tier_review",
        verb="partners.set_tier", order=15,
    )  # fmt: skip
    menu.register(
        section="Set-up", label=_("Tiers"), icon="medal", url="partners:tiers", verb="partners.configure", order=60,
    )  # fmt: skip
    menu.register(
        section="", label=_("Our company"), icon="building", url="partners:company", verb="company.view", order=90,
        audience="partner",
    )  # fmt: skip


def _register_words() -> None:
    words.register(
        {
            "edited": _("changed"),
            "saved": _("saved"),
            "status_changed": _("state changed"),
            "tier_set": _("tier set"),
            "criteria_set": _("criteria set"),
            "change_asked": _("change asked for"),
            "change_returned": _("change sent back"),
            "change_amended": _("change handed in again"),
            "change_rejected": _("change rejected"),
            "change_withdrawn": _("change withdrawn"),
            "member_added": _("person joined"),
            "member_left": _("person left"),
            "manager_assigned": _("channel manager assigned"),
            "manager_unassigned": _("channel manager taken off"),
            "access_granted": _("may see this partner"),
            "access_revoked": _("may no longer see this partner"),
            "contact_saved": _("contact saved"),
            "contact_removed": _("contact removed"),
        }
    )
    words.register_types({"partners.partner": _("Partner"), "partners.tier": _("Tier")})
    words.register_names(
        {
            "first_day": pgettext_lazy("change", "first day"),
            "entry": pgettext_lazy("change", "to enter"),
            "renewal": pgettext_lazy("change", "to stay"),
        }
    )


def _sent_back(actor: Actor) -> Any:
    from partners.models import PartnerChange

    rows = PartnerChange.objects.visible_to(actor).open()
    return rows.filter(state="returned", asked_by_id=actor.user_id) if actor.user_id else rows.none()


def count_sent_back(actor: Actor) -> int:
    return _sent_back(actor).order_by().count()


def sent_back(actor: Actor) -> Iterable[work.Work]:
    """Changes that the actor asked for and others sent back."""
    for change in _sent_back(actor)[:50]:
        yield work.Work(
            title=change.partner.name, link=change.get_absolute_url(), since=change.returned_at,
            subtitle=change.returned_text[:80], kind=_("Change what you asked for"), icon="arrow-back-up",
        )  # fmt: skip


def granted_partner_ids(user: Any) -> frozenset[int]:
    """Ids of the partners that guardian's rows give to `user`."""
    from partners.models import PartnerGrant

    rows = PartnerGrant.objects.filter(user=user, permission__codename="access_partner")
    return frozenset(rows.values_list("content_object_id", flat=True))


def own_partner_id(user: Any) -> int | None:
    """The partner that `user` belongs to today; None for a partner that has been shut out."""
    from partners.models import Member

    member = (
        Member.objects.for_everyone(because="asks for the person's own company")
        .filter(user=user)
        .on(clock.today())
        .exclude(partner__status__in=["exited", "rejected"])
        .first()
    )
    return member.partner_id if member else None
