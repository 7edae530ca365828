"""What a gate or factor found, opened: the sales lines that the measure added up when the settlement was computed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse

from prm.measures import registry
from rebates.explained_lines import plan_of
from rebates.measure_factors import factors_of
from rebates.models import Result
from rebates.steps import Figure


def address(figure: Figure, code: str) -> str:
    """Where the lines behind what `code` found are listed; empty where nothing is frozen yet, where a later run judged
    it again, or where the measure is no sum of lines.
    """
    measure = registry.find(code)
    if not isinstance(figure, Result) or figure.kind != Result.Kind.EARNED:
        return ""
    if measure is None or measure.lines is None:
        return ""
    return reverse("rebates:measured", args=[figure.pk, code])


def found_by(result: Result, code: str) -> Decimal | None:
    """What the measure came to for a gate or a factor of the result's policy; None where none of them asks for it."""
    return dict(_found(result)).get(code)


def days_of(result: Result) -> tuple[date, date]:
    """The first day that the measure counts, and the day after the last."""
    counted = plan_of(result).counted
    return counted.start, counted.end


def narrowed(lines: Any, result: Result, code: str) -> Any:
    """Of sales lines those of the partner that the measure counted when the settlement was computed."""
    measure = registry.find(code)
    assert measure is not None
    assert measure.lines is not None
    found = measure.lines(lines, *days_of(result))
    return found.filter(partner_id=result.partner_id, pk__lte=result.run.watermark)


def _found(result: Result) -> Iterator[tuple[str, Decimal]]:
    for said in result.explanation.get("gates", []):
        yield said["code"], Decimal(said["found"])
    factors = factors_of(result.version.policy)
    for said, factor in zip(result.explanation.get("factors", []), factors, strict=False):
        yield factor["code"], Decimal(said["found"])
