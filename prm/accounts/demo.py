"""The people of the demo: one click each on the sign-in page, in demo mode and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from prm.access.roles import STAFF_ROLES, Role
from prm.accounts import companies
from prm.accounts.models import User


@dataclass(frozen=True)
class DemoPerson:
    """`key` marks the button (`data-demo-role`); the demo data makes the user with `email`."""

    key: str
    email: str
    role: str
    icon: str
    label: Any
    does: Any


PEOPLE = (
    DemoPerson(
        "channel-manager", "channel-manager@demo.example", Role.CHANNEL_MANAGER, "target-arrow",
        _("Channel manager"), _("decides on registrations and orders"),
    ),
    DemoPerson(
        "finance", "finance@demo.example", Role.FINANCE, "calculator",
        _("Finance"), _("programmes, settlements, statements"),
    ),
    DemoPerson(
        "controller", "controller@demo.example", Role.FINANCE, "shield-check",
        _("Finance, second person"), _("decides on what the first asked for"),
    ),
    DemoPerson(
        "administrator", "administrator@demo.example", Role.ADMINISTRATOR, "settings",
        _("Administrator"), _("people, roles, audit trail"),
    ),
    DemoPerson(
        "partner-sales", "partner-sales@demo.example", Role.PARTNER_SALES, "user",
        _("Partner, sales"), _("registers deals, orders"),
    ),
    DemoPerson(
        "partner-admin", "partner-admin@demo.example", Role.PARTNER_ADMIN, "users",
        _("Partner, administrator"), _("the company, its people and rebates"),
    ),
    DemoPerson(
        "agent", "agent@demo.example", Role.PARTNER_ADMIN, "user-share",
        _("Agent"), _("brokers sales, is paid a commission"),
    ),
    DemoPerson(
        "rival-sales", "rival-sales@demo.example", Role.PARTNER_SALES, "user-shield",
        _("Rival partner, sales"), _("sees nothing of the other"),
    ),
)  # fmt: skip

# What the demo's people can also type; it protects nothing and is printed at the start.
PASSWORD = "qudao-demo-2026"


def person_for(key: str) -> DemoPerson | None:
    return next((person for person in PEOPLE if person.key == key), None)


def user_for(person: DemoPerson) -> User | None:
    """The active user behind a button. Where the demo data was left out, staff are made on the first click."""
    if not settings.DEMO:
        return None
    user = User.objects.filter(email=person.email, is_active=True).first()
    if user is None and person.role in STAFF_ROLES and not User.objects.filter(email=person.email).exists():
        user = User.objects.create_user(
            person.email, PASSWORD, name=str(Role(person.role).label), role=person.role, all_partners=True
        )
    return user


def buttons() -> list[dict[str, Any]]:
    """What the sign-in page shows: each role, who it is in this tenant and what they do."""
    users = {
        user.email: user for user in User.objects.filter(email__in=[p.email for p in PEOPLE], is_active=True)
    }
    names = companies.names_of(user.pk for user in users.values())
    rows = []
    for person in PEOPLE:
        user = users.get(person.email)
        who = [user.name, names.get(user.pk, "")] if user else []
        absent = user is None and person.role not in STAFF_ROLES
        rows.append(
            {
                "person": person,
                "absent": absent,
                "who": ", ".join(part for part in who if part),
                "does": _("is not here: this site was started without the demo's data")
                if absent
                else person.does,
            }
        )
    return rows
