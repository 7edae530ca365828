"""Verbs of the customer master."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from zlib import crc32

from django.db import connection, transaction

from prm.access.rules import require
from prm.audit.services import differences, record
from prm.customers import errors
from prm.customers.events import CustomerChanged, CustomerCreated, CustomersMerged
from prm.customers.evidence import likeness
from prm.customers.identifiers import clean_domain, clean_phone, clean_tax_number
from prm.customers.keys import key, lock_keys
from prm.customers.models import EndCustomer, identity
from prm.customers.normalise import normalise
from prm.customfields.values import apply as apply_custom
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from prm.values.numbers import new_number

NAME_MOST = 200
ALIKE = 40.0  # points from which one name may be a short form of another
FIELDS = ("name", "region", "country", "tax_number", "domain", "phone", "named_account", "direct_only")


class Resolved(NamedTuple):
    """The end customer that a typed name means, and whether it had to be made."""

    customer: EndCustomer
    created: bool


def hold_name(*, name: str, also: str = "", tax_number: str = "", domain: str = "") -> None:
    """Let nobody else resolve, or approve for, a name that could be taken for this one, until the transaction ends.

    `also` is a second spelling. The locks are taken in one order, so two holders never wait crosswise: call it once.
    """
    wanted = set(lock_keys(normalise(name)))
    wanted |= set(lock_keys(normalise(also))) if also else set()
    wanted |= {key("t", tax_number)} if tax_number else set()
    wanted |= {key("d", domain)} if domain else set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, 0)", [_room("customers")])
        cursor.execute(
            "SELECT count(pg_advisory_xact_lock(%s, wanted)) FROM unnest(%s::int[]) AS wanted",
            [_room("customers.names"), sorted(wanted)],
        )


def hold_everything() -> None:
    """What `hold_name` does, for all names: for imports and other work on the whole master."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_room("customers")])


def _room(name: str) -> int:
    """The first half of an advisory lock's number, for one purpose in one tenant."""
    return crc32(f"{connection.schema_name}:{name}".encode()) - (1 << 31)


@transaction.atomic
def resolve_customer(
    *, name: str, tax_number: str = "", domain: str = "", region: str = "", phone: str = "", by: Actor
) -> Resolved:
    """The end customer that typed text means: found by tax number or core name, or made as provisional.

    All spellings that normalise alike end as one customer. A missing tax number or domain of a provisional customer
    is filled in; a different tax number means a different customer. Raises DomainError naming the field.
    """
    require(by, "customers.resolve")
    typed = _cleaned(name=name, tax_number=tax_number, domain=domain, region=region, phone=phone)
    hold_name(name=typed["name"], tax_number=typed["tax_number"], domain=typed["domain"])
    found = _known(typed["name"], typed["tax_number"])
    if found:
        if found.core != identity(typed["name"]):
            _take_fuller_name(found, typed["name"], by=by)
        _fill_in(found, typed, by=by)
        return Resolved(found, False)
    return Resolved(_store(EndCustomer.named(provisional=True, **typed), by=by), True)


@transaction.atomic
def create_customer(
    *,
    name: str,
    region: str = "",
    country: str = "",
    tax_number: str = "",
    domain: str = "",
    phone: str = "",
    named_account: bool = False,
    direct_only: bool = False,
    number: str = "",
    custom: Mapping[str, Any] | None = None,
    by: Actor,
) -> EndCustomer:
    """Put a customer on file; `number` only where it comes from another system, `custom` by code."""
    require(by, "customers.edit")
    fields = _cleaned(name=name, tax_number=tax_number, domain=domain, region=region, phone=phone)
    hold_name(name=fields["name"], tax_number=fields["tax_number"], domain=fields["domain"])
    if fields["tax_number"] and EndCustomer.objects.filter(tax_number=fields["tax_number"]).exists():
        raise errors.TaxNumberTaken()
    if number and EndCustomer.objects.filter(number=number).exists():
        raise errors.NumberTaken(number=number)
    customer = EndCustomer.named(
        number=number, country=country.upper(), named_account=named_account, direct_only=direct_only, **fields
    )
    return _store(customer, by=by, changes=apply_custom("customer", customer, custom, by=by))


@transaction.atomic
def update_customer(
    *, customer: EndCustomer, by: Actor, custom: Mapping[str, Any] | None = None, **fields: Any
) -> EndCustomer:
    """Change what is known about a customer (any of FIELDS, and `custom` by code).

    Saving by staff also confirms a provisional one.
    """
    require(by, "customers.edit", customer)
    customer = _locked(customer)
    before = {field: getattr(customer, field) for field in FIELDS} | {"provisional": customer.provisional}
    cleaned = _cleaned(**{field: fields.get(field, getattr(customer, field)) for field in _TYPED})
    hold_name(name=cleaned["name"], tax_number=cleaned["tax_number"], domain=cleaned["domain"])
    taken = EndCustomer.objects.exclude(pk=customer.pk).filter(tax_number=cleaned["tax_number"])
    if cleaned["tax_number"] and taken.exists():
        raise errors.TaxNumberTaken()
    for field, value in ({field: fields[field] for field in FIELDS if field in fields} | cleaned).items():
        setattr(customer, field, value)
    customer.country = customer.country.upper()
    customer.name_it(cleaned["name"])
    customer.provisional = False
    own = apply_custom("customer", customer, custom, by=by)
    customer.save()
    after = {field: getattr(customer, field) for field in before}
    record(customer, "changed", by=by, changes=differences(before, after) | own)
    emit(CustomerChanged(customer_id=customer.pk), object_key=f"customer:{customer.pk}")
    return customer


@transaction.atomic
def confirm_customer(*, customer: EndCustomer, by: Actor) -> EndCustomer:
    """Say that a provisional customer is a company of its own."""
    require(by, "customers.edit", customer)
    customer = _locked(customer)
    if customer.provisional:
        customer.provisional = False
        own = apply_custom("customer", customer, None, by=by)
        customer.save()
        record(customer, "confirmed", by=by, changes={"provisional": [True, False], **own})
        emit(CustomerChanged(customer_id=customer.pk), object_key=f"customer:{customer.pk}")
    return customer


_on_merge: list[Callable[[EndCustomer, EndCustomer], None]] = []


def on_merge(move: Callable[[EndCustomer, EndCustomer], None]) -> None:
    """Let an app move what it holds: `move(customer, into)` runs inside the merge and may refuse by DomainError."""
    if move not in _on_merge:
        _on_merge.append(move)


@transaction.atomic
def merge_customers(*, customer: EndCustomer, into: EndCustomer, reason: str = "", by: Actor) -> EndCustomer:
    """Make `customer` another name of `into`: it stays findable by its name, and points at the survivor."""
    require(by, "customers.merge", customer)
    if customer.pk == into.pk:
        raise errors.MergeIntoItself()
    # In the order of their ids, so that two merges of the same pair never wait crosswise.
    first, second = sorted((customer, into), key=lambda one: one.pk)
    first, second = _locked(first), _locked(second)
    customer, into = (first, second) if first.pk == customer.pk else (second, first)
    if customer.tax_number and into.tax_number:
        raise errors.TaxNumbersDiffer()
    for move in _on_merge:
        move(customer, into)
    given = {
        field: getattr(customer, field) for field in ("tax_number", "domain", "region", "phone", "country")
    }
    customer.merged_into, customer.tax_number = into, ""
    customer.save(update_fields=["merged_into", "tax_number"])
    EndCustomer.objects.filter(merged_into=customer).update(merged_into=into)
    missing = {field: value for field, value in given.items() if value and not getattr(into, field)}
    for field, value in missing.items():
        setattr(into, field, value)
    into.provisional = into.provisional and customer.provisional
    into.save(update_fields=[*missing, "provisional"])
    record(customer, "merged", by=by, changes={"merged_into": ["", into.number]}, reason=reason)
    emit(CustomersMerged(customer_id=customer.pk, into_id=into.pk), object_key=f"customer:{into.pk}")
    return into


_TYPED = ("name", "tax_number", "domain", "region", "phone")


def _cleaned(*, name: str, tax_number: str, domain: str, region: str, phone: str) -> dict[str, str]:
    name = " ".join(name.split())
    if not name:
        raise errors.NameMissing()
    if len(name) > NAME_MOST:
        raise errors.NameTooLong(most=NAME_MOST)
    return {
        "name": name,
        "tax_number": clean_tax_number(tax_number),
        "domain": clean_domain(domain),
        "region": region.strip()[:80],
        "phone": clean_phone(phone)[:40],
    }


def _locked(customer: EndCustomer) -> EndCustomer:
    customer = EndCustomer.objects.select_for_update().get(pk=customer.pk)
    if customer.merged_into_id:
        raise errors.AlreadyMerged(number=customer.merged_into.number)
    return customer


def _known(name: str, tax_number: str) -> EndCustomer | None:
    """The customer that is meant. Staff's record of the tax number wins, then the core name, then the tax number.

    The name goes before a tax number that only a partner typed, beside another name: so all spellings of one name
    stay together, whichever of them came with the number.
    """
    rows = EndCustomer.objects.select_related("merged_into").order_by("id")
    by_number = rows.filter(tax_number=tax_number).first() if tax_number else None
    if by_number and not by_number.provisional:
        return by_number
    same_name = [row.merged_into or row for row in rows.filter(core=identity(name))[:50]]
    fitting = [row for row in same_name if not (tax_number and row.tax_number not in ("", tax_number))]
    best = min(fitting, key=lambda row: (row.tax_number != tax_number, row.provisional, row.pk), default=None)
    return best or by_number


def _take_fuller_name(customer: EndCustomer, name: str, *, by: Actor) -> None:
    """A provisional short form takes the fuller name typed with its tax number; the short one still leads to it."""
    short, full = normalise(customer.name), normalise(name)
    if not customer.provisional or len(full.core) <= len(short.core) or likeness(short, full).points < ALIKE:
        return
    was = customer.name
    customer.name_it(name)
    customer.save(update_fields=["name", "core", "brand", "place", "keys"])
    number = new_number("EC", EndCustomer, on=clock.today(), length=6)
    EndCustomer.named(name=was, number=number, provisional=True, merged_into=customer).save()
    record(customer, "completed", by=by, changes={"name": [was, name]})


def _fill_in(customer: EndCustomer, typed: dict[str, str], *, by: Actor) -> None:
    """What a partner typed completes a provisional customer only; staff's own record is staff's to change."""
    if not customer.provisional:
        return
    missing = {
        field: typed[field]
        for field in ("tax_number", "domain", "region", "phone")
        if typed[field] and not getattr(customer, field)
    }
    if "tax_number" in missing and EndCustomer.objects.filter(tax_number=missing["tax_number"]).exists():
        del missing["tax_number"]  # another spelling has it; the check shows both, and staff merge them
    if not missing:
        return
    for field, value in missing.items():
        setattr(customer, field, value)
    customer.save(update_fields=list(missing))
    record(customer, "completed", by=by, changes={field: ["", value] for field, value in missing.items()})


def _store(customer: EndCustomer, *, by: Actor, changes: dict[str, list[Any]] | None = None) -> EndCustomer:
    if not customer.number:
        customer.number = new_number("EC", EndCustomer, on=clock.today(), length=6)
    customer.save()
    record(customer, "created", by=by, changes=changes)
    emit(
        CustomerCreated(customer_id=customer.pk, provisional=customer.provisional),
        object_key=f"customer:{customer.pk}",
    )
    return customer
