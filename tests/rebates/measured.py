"""Certificates and a score that tests register: what `FIGURES` says of each partner, from the day `SINCE` on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db.models import Case, DecimalField, F, QuerySet, Value, When
from django.db.models.functions import Cast

from partners.models import Partner
from prm.measures import registry

CERTIFICATES = {"tests.routing": "Routing Expert", "tests.security": "Security Expert"}
# By measure, then by the partner's id.
FIGURES: dict[str, dict[int, Any]] = {}
# From which day on a measure has its figures; every day where it is not named.
SINCE: dict[str, date] = {}


def _totals(name: str) -> Any:
    def totals(first: date, after: date) -> QuerySet:
        figures = FIGURES.get(name, {}) if after > SINCE.get(name, date.min) else {}
        rows = Partner.objects.for_everyone(because="a test's measure").filter(pk__in=figures)
        cases = [When(pk=pk, then=Value(str(figure))) for pk, figure in figures.items()]
        value = Case(*cases, default=Value("0"))
        return rows.annotate(partner_id=F("pk"), value=_number(value)).values("partner_id", "value")

    return totals


def _number(value: Any) -> Any:
    return Cast(value, DecimalField(max_digits=20, decimal_places=4))


@contextmanager
def registered() -> Iterator[None]:
    FIGURES.clear()
    SINCE.clear()
    for name, label in CERTIFICATES.items():
        registry.register(name, label=label, unit="number", totals=_totals(name), kind="certificate")
    registry.register(
        "tests.score", label="Score", unit="number", totals=_totals("tests.score"), kind="score"
    )
    try:
        yield
    finally:
        for name in (*CERTIFICATES, "tests.score"):
            registry.forget(name)
