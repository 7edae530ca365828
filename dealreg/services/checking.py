"""The conflict check of one registration, stored with it for whoever decides."""

from __future__ import annotations

from collections.abc import Iterable

from dealreg import conflicts
from dealreg.conflicts import ConflictResult
from dealreg.models import DealRegistration
from prm.catalogue.models import ProductLine
from prm.customers.matching import Match
from prm.customers.models import EndCustomer
from prm.customers.services import resolve_customer
from prm.values.actor import Actor
from prm.values.errors import DomainError


def customer_of(registration: DealRegistration, *, by: Actor) -> EndCustomer:
    """The end customer that the typed name means: found or made, under a lock on its normalised core name."""
    try:
        return resolve_customer(
            name=registration.customer_name,
            tax_number=registration.tax_number,
            domain=registration.domain,
            region=registration.region,
            phone=registration.phone,
            by=by,
        ).customer
    except DomainError as error:
        # The same words on the field as this app calls it.
        error.field = "customer_name" if error.field == "name" else error.field
        raise


def check_registration(
    registration: DealRegistration, product_lines: Iterable[ProductLine]
) -> ConflictResult:
    """Check `registration` for `product_lines` and keep the evidence on it, unsaved."""
    result = look_up(registration, product_lines)
    keep_evidence(registration, result)
    return result


def look_up(
    registration: DealRegistration, product_lines: Iterable[ProductLine], matches: list[Match] | None = None
) -> ConflictResult:
    """The check of a registration for some product lines; keeps nothing. `matches` as in `conflicts.check`."""
    return conflicts.check(
        name=registration.customer_name,
        tax_number=registration.tax_number,
        domain=registration.domain,
        region=registration.region,
        phone=registration.phone,
        product_lines=list(product_lines),
        partner=registration.partner,
        customer=registration.end_customer,
        registration=registration,
        matches=matches,
    )


def keep_evidence(registration: DealRegistration, result: ConflictResult) -> None:
    """What a check of all its product lines found, for whoever decides; unsaved."""
    registration.verdict = result.verdict
    registration.match_count = len(result.matches)
    registration.check_result = result.as_json()
