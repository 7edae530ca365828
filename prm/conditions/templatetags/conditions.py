"""`{% condition_builder subject condition name as builder %}`: the builder for the person who reads the page."""

from __future__ import annotations

from typing import Any

from django import template

from prm.conditions.builder import Builder
from prm.conditions.language import sentence
from prm.conditions.reading import BadCondition
from prm.values.actor import Actor

register = template.Library()


@register.simple_tag(takes_context=True)
def condition_builder(context: Any, subject: str, condition: Any, name: str) -> Builder:
    return Builder(subject, condition or {}, name or "condition", _actor(context))


@register.simple_tag(takes_context=True)
def condition_sentence(context: Any, subject: str, condition: Any) -> str:
    """The condition in words; "" where it is not sound."""
    try:
        return sentence(condition or {}, subject, by=_actor(context))
    except BadCondition:
        return ""


def _actor(context: Any) -> Actor:
    return getattr(getattr(context, "request", None), "actor", None) or Actor.nobody()
