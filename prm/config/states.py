"""Each state machine's table of transitions as a page of documentation, read from the models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils import translation

PAGE = Path(settings.BASE_DIR) / "docs" / "reference" / "states.md"
HEAD = """# States

What may become what. This page is printed from the models by `bin/manage states`; the tests compare it with the code.
A transition that does not stand here is refused, and the refusal says in which state the object is.
"""


def page() -> str:
    """The whole page, in English."""
    with translation.override("en"):
        machines = [model for model in apps.get_models() if hasattr(model, "TRANSITIONS")]
        return "\n".join([HEAD, *[_section(model) for model in machines]])


def _section(model: type[Any]) -> str:
    title = str(model._meta.verbose_name)
    table = ["| state | shown as | may become |", "|---|---|---|"]
    for state, following in model.TRANSITIONS.items():
        nexts = ", ".join(f"`{one.value}`" for one in following) or "nothing: it is final"
        table.append(f"| `{state.value}` | {state.label} | {nexts} |")
    head = f"## {title[:1].upper()}{title[1:]} (`{model._meta.label}`)"
    return "\n".join([head, "", *table, ""])
