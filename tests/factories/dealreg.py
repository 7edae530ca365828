"""Deal registrations for tests, made by the product's own services, so that no state is invented."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from dealreg.models import DealRegistration, RegistrationType
from dealreg.services import approve_registration, register_deal, save_draft
from prm.values import clock
from tests.factories.catalogue import ProductLineFactory


def registration_type(**values: Any) -> RegistrationType:
    """The ordinary type: resale, 90 days of protection."""
    found, _ = RegistrationType.objects.get_or_create(
        code=values.pop("code", "resale"),
        defaults={"name": "Resale", "protection_days": 90, "is_default": True},
    )
    if values:
        RegistrationType.objects.filter(pk=found.pk).update(**values)
        found.refresh_from_db()
    return found


def line(code: str = "routing") -> Any:
    return ProductLineFactory(code=code)


def facts(**changes: Any) -> dict[str, Any]:
    """What a partner types for an ordinary deal."""
    registration_type()
    return {
        "customer_name": "Hangzhou Xunda Logistics Co., Ltd.",
        "product_lines": [line()],
        "estimated_value": Decimal("486000"),
        "expected_close": clock.today() + timedelta(days=60),
        **changes,
    }


def draft(company: Any, **changes: Any) -> DealRegistration:
    return save_draft(partner=company.row, by=company.sales, **facts(**changes))


def in_review(company: Any, **changes: Any) -> DealRegistration:
    return register_deal(partner=company.row, by=company.sales, **facts(**changes))


def approved(company: Any, manager: Any, **changes: Any) -> DealRegistration:
    return approve_registration(registration=in_review(company, **changes), by=manager)
