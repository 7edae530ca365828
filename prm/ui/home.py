"""The first page of staff and of partners: figures, then work, then charts and watch lists.

Apps register parts in `apps.py`; a part that fails is shown as failed and takes nothing else with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from prm.access.decorators import signed_in
from prm.access.rules import allowed
from prm.modules.registry import runs
from prm.ui import formats
from prm.ui.parts import Figure
from prm.values import clock

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Part:
    audience: str
    order: int
    verb: str | None
    build: Callable[[Any], Any]
    template: str = ""
    width: int = 6


_figures: list[_Part] = []
_sections: list[_Part] = []


def figure(
    audience: str, *, order: int, verb: str | None = None
) -> Callable[[Callable[[Any], Figure | None]], Callable[[Any], Figure | None]]:
    """Register a function (actor) -> Figure or None for the strip of "staff" or "partner"."""

    def register(build: Callable[[Any], Figure | None]) -> Callable[[Any], Figure | None]:
        _figures.append(_Part(audience, order, verb, build))
        return build

    return register


def section(
    audience: str, *, template: str, order: int, width: int = 6, verb: str | None = None
) -> Callable[..., Any]:
    """Register a function (actor) -> dict or None; the dict is the template's context. Width in twelfths."""

    def register(build: Callable[[Any], dict[str, Any] | None]) -> Callable[[Any], dict[str, Any] | None]:
        _sections.append(_Part(audience, order, verb, build, template, width))
        return build

    return register


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """What needs me today, and how is it going?"""
    actor = request.actor  # type: ignore[attr-defined]
    audience = "partner" if actor.is_partner else "staff"
    figures = [_safely(part, actor) for part in _shown(_figures, audience, actor)]
    sections = []
    for part in _shown(_sections, audience, actor):
        context = _safely(part, actor)
        if context is not None:
            html = (
                ""
                if context is FAILED
                else render_to_string(part.template, {**context, "actor": actor}, request)
            )
            sections.append({"html": html, "width": part.width})
    return render(
        request,
        "ui/home.html",
        {
            "audience": audience,
            "today": formats.long_day(clock.today()),
            "figures": [found for found in figures if found is not None and found is not FAILED],
            "sections": sections,
        },
    )


FAILED = object()


def _shown(parts: list[_Part], audience: str, actor: Any) -> list[_Part]:
    open_to = [p for p in parts if p.audience == audience and (p.verb is None or allowed(actor, p.verb))]
    open_to = [part for part in open_to if runs(part.build)]
    return sorted(open_to, key=lambda part: part.order)


def _safely(part: _Part, actor: Any) -> Any:
    try:
        with transaction.atomic():
            return part.build(actor)
    except Exception:
        log.exception("home_part_failed", part=part.build.__name__)
        return FAILED
