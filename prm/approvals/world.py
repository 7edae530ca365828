"""What soundness asks about the tenant, read once: who exists, who has which role, what the subject allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.db.models.functions import Lower

from prm.access.roles import PARTNER_ROLES, STAFF_ROLES
from prm.approvals.subjects import Settable, Subject, _nobody
from prm.conditions.registry import Lookup


@dataclass(frozen=True)
class Person:
    email: str
    name: str
    role: str
    is_active: bool = True

    @property
    def is_partner(self) -> bool:
        return self.role in PARTNER_ROLES


@dataclass(frozen=True)
class World:
    """`subject` is the flow's subject, `fields` its conditions' subject; the rest as the names say."""

    subject: str
    label: str
    fields: str
    people: Mapping[str, Person | None] = field(default_factory=dict)
    of_role: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    has_partner: bool = True
    may_decide_itself: bool = True
    # Roles that may be asked to decide at all.
    deciders: tuple[str, ...] = tuple(map(str, STAFF_ROLES))
    anybody_reports: bool = True
    # Whom a flow may take from the case, and what it may write into it.
    people_fields: Mapping[str, Any] = field(default_factory=dict)
    settable: Mapping[str, Settable] = field(default_factory=dict)
    # One reading of the conditions' registry for all sentences, where many are written in one language.
    lookup: Lookup | None = None

    def person(self, email: str) -> Person | None:
        return self.people.get(email.strip().lower())


def world_for(subject: Subject, *documents: Any) -> World:
    """The tenant as the flows of `subject` meet it, with the people that `documents` name."""
    return World(
        subject=subject.code,
        label=str(subject.label),
        fields=subject.conditions or subject.code,
        people=people_named(email for data in documents for email in emails_in(data)),
        of_role=roles_with_people(),
        has_partner=subject.managers is not _nobody,
        may_decide_itself=subject.self_decision,
        deciders=tuple(map(str, subject.deciders)),
        anybody_reports=get_user_model()
        ._default_manager.filter(manager__isnull=False, is_active=True)
        .exists(),
        people_fields={name: label for name, (label, _read) in subject.people_fields.items()},
        settable=subject.settable,
    )


def people_named(emails: Iterable[str]) -> dict[str, Person]:
    """The people with these addresses, by address in lower case."""
    wanted = {email.strip().lower() for email in emails}
    rows = get_user_model()._default_manager.annotate(key=Lower("email")).filter(key__in=wanted)
    return {one.email: one for one in _people(rows)}


def everybody() -> dict[str, Person | None]:
    """The vendor's own people, also those who may no longer sign in, by address in lower case."""
    rows = get_user_model()._default_manager.filter(role__in=STAFF_ROLES)
    return {one.email: one for one in _people(rows)}


def staff() -> list[Person]:
    """The vendor's own active people, by name."""
    rows = get_user_model()._default_manager.filter(role__in=STAFF_ROLES, is_active=True)
    return _people(rows.order_by("name", "pk"))


def roles_with_people() -> dict[str, tuple[str, ...]]:
    """Role → the addresses of its active people; of partners' roles only that there is somebody."""
    found: dict[str, list[str]] = {}
    for person in staff():
        found.setdefault(person.role, []).append(person.email)
    rows = get_user_model()._default_manager.filter(role__in=PARTNER_ROLES, is_active=True)
    for role in rows.order_by().values_list("role", flat=True).distinct():
        found[role] = [""]
    return {role: tuple(emails) for role, emails in found.items()}


def _people(rows: QuerySet[Any]) -> list[Person]:
    values = rows.values_list("email", "name", "role", "is_active")
    return [Person(email.lower(), name or email, role, active) for email, name, role, active in values]


def emails_in(data: Any) -> set[str]:
    """Every address that a document names, whatever its shape."""
    found: set[str] = set()
    waiting = [data]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting += one.values()
            users = one.get("users")
            if isinstance(users, list):
                found |= {email for email in users if isinstance(email, str)}
        elif isinstance(one, list):
            waiting += one
    return found
