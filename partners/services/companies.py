"""Partners as companies: create, change, move through the lifecycle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction

from partners.errors import (
    NothingLeft,
    NumberTaken,
    ParentLoop,
    ReasonMissing,
    TaxNumberTaken,
    TransitionForbidden,
)
from partners.events import PartnerChanged, PartnerCreated, PartnerStatusChanged
from partners.models import Partner, PartnerChange
from partners.services.changes import Amendment, hold_amended, write_or_ask
from partners.services.people import write_manager
from prm.access.roles import Role
from prm.access.rules import require
from prm.audit.services import differences, record
from prm.customfields.values import apply as apply_custom
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor

KIND = PartnerChange.Kind
FIELDS = ("name", "type", "parent", "region", "tax_number", "website", "phone", "address", "note")
STAFF_ONLY = ("note",)


@transaction.atomic
def create_partner(
    *, name: str, number: str = "", status: str = "active", by: Actor,
    custom: Mapping[str, Any] | None = None, **facts: Any,
) -> Partner:  # fmt: skip
    """Add a company to the channel. Without `number` the next free `P-0001` is given.

    `facts` are the fields named in FIELDS, `custom` the tenant's own by code. A channel manager who sees only their
    own partners looks after the new one. Raises NumberTaken, TaxNumberTaken, ParentLoop, ValueRefused.
    """
    require(by, "partners.create")
    partner = Partner(
        name=name.strip(), number=number.strip() or _next_number(), status=status, **_known(facts)
    )
    own = apply_custom("partner", partner, custom, by=by)
    _save(partner)
    changes = {"name": [None, partner.name], "number": [None, partner.number], **own}
    record(partner, "created", by=by, changes=changes)
    emit(PartnerCreated(partner_id=partner.pk), object_key=f"partner:{partner.pk}")
    if by.role == Role.CHANNEL_MANAGER and by.partner_ids is not None:
        own_manager = get_user_model().objects.get(pk=by.user_id)
        write_manager(partner=partner, user=own_manager, assigned=True, by=by)
    return partner


@transaction.atomic
def update_partner(
    *, partner: Partner, by: Actor, reason: str = "", custom: Mapping[str, Any] | None = None,
    amends: Amendment | None = None, from_file: bool = False, **facts: Any,
) -> Partner:  # fmt: skip
    """Change what is known of a company; only the given fields. Raises TaxNumberTaken, ParentLoop, ChangeWaits.

    Where a flow has to decide about it, the change is only asked for and the partner stays as it is. With `amends`
    this is handed in in the place of what was sent back.
    """
    require(by, "partners.edit", partner)
    hold_amended(amends)
    partner = Partner.objects.locked(partner)
    changes, wanted = put_facts(partner, facts, custom, by=by)
    if not changes and amends is not None:
        raise NothingLeft()
    if not changes:
        return partner

    def write() -> None:
        if "parent" in changes:
            _refuse_loop(partner)
        _save(partner)
        record(partner, "edited", by=by, changes=changes, reason=reason)
        _tell_of(partner, changes, by, from_file=from_file)

    return write_or_ask(
        partner=partner, kind=KIND.FACTS, wanted=wanted, changes=changes, write=write, by=by, reason=reason,
        amends=amends,
    )  # fmt: skip


def put_facts(
    partner: Partner, facts: Mapping[str, Any], custom: Mapping[str, Any] | None, *, by: Actor
) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Put facts into an unsaved partner: what changes, {field: [old, new]}, and what a PartnerChange keeps of it."""
    facts = _known(facts)
    before = {name: getattr(partner, name) for name in facts}
    held = dict(partner.custom or {})
    for name, value in facts.items():
        setattr(partner, name, value)
    own = apply_custom("partner", partner, custom, by=by)
    changes = differences(before, {name: getattr(partner, name) for name in facts}) | own
    wanted: dict[str, Any] = {"facts": {name: _stored(facts[name]) for name in facts if name in changes}}
    wanted["before"] = {name: _stored(before[name]) for name in wanted["facts"]}
    codes = [key.removeprefix("custom.") for key in own]
    if codes:
        wanted["custom"] = {code: partner.custom.get(code) for code in codes}
        wanted["custom_before"] = {code: held.get(code) for code in codes}
    return changes, wanted


def write_facts(*, partner: Partner, wanted: Mapping[str, Any], reason: str, by: Actor) -> None:
    """Write an approved change of facts; the caller has compared it with the partner as it stands."""
    facts = dict(wanted["facts"])
    if "parent" in facts:
        rows = Partner.objects.for_everyone(because="the approved change names it")
        facts["parent"] = rows.get(pk=facts["parent"]) if facts["parent"] else None
    before = {name: getattr(partner, name) for name in facts}
    for name, value in facts.items():
        setattr(partner, name, value)
    own = apply_custom("partner", partner, wanted.get("custom"), by=Actor.job("approved change"))
    if "parent" in facts:
        _refuse_loop(partner)
    _save(partner)
    changes = differences(before, facts) | own
    record(partner, "edited", by=by, changes=changes, reason=reason)
    _tell_of(partner, changes, by)


def _tell_of(
    partner: Partner, changes: Mapping[str, list[Any]], by: Actor, *, from_file: bool = False
) -> None:
    """The event with all names, and with the values of those fields that a partner itself may read."""
    open_ones = [name for name in changes if name in FIELDS and name not in STAFF_ONLY]
    before, after = ({name: _as_text(changes[name][at]) for name in open_ones} for at in (0, 1))
    fact = PartnerChanged(
        partner_id=partner.pk, fields=list(changes), before=before, after=after, by=by.label,
        at=clock.now().isoformat(), by_id=by.user_id, from_file=from_file,
    )  # fmt: skip
    emit(fact, object_key=f"partner:{partner.pk}")


def _as_text(value: Any) -> str | None:
    if isinstance(value, Partner):
        return value.number
    return None if value is None else str(value)


def stale_facts(partner: Partner, wanted: Mapping[str, Any]) -> list[str]:
    """The fields that are not any more as they were when the change was asked for."""
    now = {name: _stored(getattr(partner, name)) for name in wanted["before"]}
    found = [name for name, value in wanted["before"].items() if now[name] != value]
    own = wanted.get("custom_before", {})
    return found + [f"custom.{code}" for code, value in own.items() if partner.custom.get(code) != value]


def _stored(value: Any) -> Any:
    return value.pk if isinstance(value, Partner) else value


@transaction.atomic
def change_status(
    *, partner: Partner, status: str, reason: str, by: Actor, amends: Amendment | None = None
) -> Partner:
    """Move a partner through its lifecycle. Raises TransitionForbidden, ReasonMissing, ChangeWaits.

    Where a flow has to decide about it, the step is only asked for.
    """
    require(by, "partners.edit", partner)
    hold_amended(amends)
    partner = Partner.objects.locked(partner)
    before = partner.status

    def write() -> None:
        write_status(partner=partner, status=status, reason=reason, by=by)

    return write_or_ask(
        partner=partner, kind=KIND.STATUS, wanted={"status": status, "before": before},
        changes={"status": [before, status]}, write=write, by=by, reason=reason.strip(), amends=amends,
    )  # fmt: skip


def write_status(*, partner: Partner, status: str, reason: str, by: Actor) -> None:
    """Move a locked partner to another state."""
    before = partner.status
    if not partner.may_become(status):
        raise TransitionForbidden(state=partner.get_status_display(), wanted=Partner.Status(status).label)
    if not reason.strip():
        raise ReasonMissing()
    partner.status, partner.status_reason, partner.status_since = status, reason.strip(), clock.now()
    partner.save(update_fields=["status", "status_reason", "status_since"])
    record(partner, "status_changed", by=by, changes={"status": [before, status]}, reason=reason)
    emit(
        PartnerStatusChanged(partner_id=partner.pk, before=before, after=status, reason=reason),
        object_key=f"partner:{partner.pk}",
    )


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(facts) - set(FIELDS)
    if unknown:
        raise TypeError(f"a partner has no {', '.join(sorted(unknown))}")
    return {name: value.strip() if isinstance(value, str) else value for name, value in facts.items()}


def check_number(number: str) -> None:
    """No other partner has the number; what the database holds for certain, said beforehand."""
    if number.strip() and _others(None).filter(number=number.strip()).exists():
        raise NumberTaken(number=number.strip())


def check_tax_number(tax_number: str, partner: Partner | None = None) -> None:
    """No partner but this one has the tax number."""
    if tax_number and _others(partner).filter(tax_number=tax_number).exists():
        raise TaxNumberTaken()


def check_parent(parent: Partner | None, partner: Partner) -> None:
    """The parent does not stand below the partner."""
    _refuse_loop(Partner(pk=partner.pk, parent=parent))


def _others(partner: Partner | None) -> Any:
    rows = Partner.objects.for_everyone(because="a number is given once among all partners")
    return rows.exclude(pk=partner.pk) if partner else rows


def _save(partner: Partner) -> None:
    try:
        with transaction.atomic():
            partner.save()
    except IntegrityError as clash:
        if "tax_number" in str(clash):
            raise TaxNumberTaken() from None
        if "number" in str(clash):
            raise NumberTaken(number=partner.number) from None
        raise


def _refuse_loop(partner: Partner) -> None:
    parents = dict(
        Partner.objects.for_everyone(because="a loop may run over any").values_list("pk", "parent_id")
    )
    above = partner.parent_id
    while above is not None:
        if above == partner.pk:
            raise ParentLoop()
        above = parents.get(above)


def _next_number() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('partners.number', 0))")
        cursor.execute(
            "SELECT coalesce(max(substr(number, 3)::int), 0) + 1 FROM partners_partner WHERE number ~ '^P-[0-9]{1,8}$'"
        )
        return f"P-{cursor.fetchone()[0]:04d}"
