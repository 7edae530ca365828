"""Which kinds of registration there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from dealreg.errors import OneDefaultType, TypeInUse, TypeTwice
from dealreg.models import RegistrationType
from prm.access.rules import require
from prm.audit.services import differences, record
from prm.values.actor import Actor

FIELDS = ("name", "name_zh", "protection_days", "is_default")


@transaction.atomic
def set_registration_types(*, types: Sequence[dict[str, Any]], by: Actor) -> list[RegistrationType]:
    """Let there be exactly these types: {"code", "name", "name_zh", "protection_days", "default"}; one is the default.

    New days of protection hold for registrations that are approved from now on. A type that a registration has cannot
    be taken away: TypeInUse.
    """
    require(by, "dealreg.configure")
    codes = [kind["code"] for kind in types]
    if len(set(codes)) < len(codes):
        raise TypeTwice()
    if len([kind for kind in types if kind.get("default")]) != 1:
        raise OneDefaultType()
    known = {kind.code: kind for kind in RegistrationType.objects.select_for_update()}
    for code in sorted(set(known) - set(codes)):
        _remove(known[code], by)
    return [_save(known.get(kind["code"]), kind, by) for kind in types]


def _remove(kind: RegistrationType, by: Actor) -> None:
    record(kind, "deleted", by=by)
    try:
        with transaction.atomic():
            kind.delete()
    except ProtectedError:
        raise TypeInUse(type=str(kind)) from None


def _save(kind: RegistrationType | None, wanted: dict[str, Any], by: Actor) -> RegistrationType:
    values = {
        "name": wanted["name"].strip(),
        "name_zh": wanted.get("name_zh", "").strip(),
        "protection_days": wanted["protection_days"],
        "is_default": wanted.get("default", False),
    }
    before = {name: getattr(kind, name) if kind else None for name in FIELDS}
    verb = "changed" if kind else "created"
    kind = kind or RegistrationType(code=wanted["code"])
    changes = differences(before, values)
    if changes:
        for name, value in values.items():
            setattr(kind, name, value)
        kind.save()
        record(kind, verb, by=by, changes=changes)
    return kind
