"""The catalogue of events as a page of documentation, read from the declarations."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from django.conf import settings
from django.utils import translation

from prm.outbox import told
from prm.outbox.events import Declared, catalogue

PAGE = Path(settings.BASE_DIR) / "docs" / "reference" / "events.md"
HEAD = """# Events

What the product tells of, to its own parts and, except for what is marked *internal*, to webhooks and automations.
This page is printed from the code by `bin/manage events`; the tests compare it with the code.

Every event arrives at least once at each receiver, and in order for each object. A field is never taken out of an
event and never changes its meaning: then a new version (`.v2`) appears beside the old one. Numbers (`_id`) are those
of the product's own pages and API; days are written `2026-11-12`, moments in UTC as ISO 8601.

Under *And by webhook* stands what messages to other systems say besides, as the object stands when the message is made:
amounts as text with their decimals, states by their code. It is null where there is none, or where the object is gone.
"""


def page() -> str:
    """The whole page, in English."""
    with translation.override("en"):
        parts = [HEAD]
        for app, events in groupby(catalogue(), key=lambda one: one.name.partition(".")[0]):
            if app != "tests":
                parts += [f"## {app}", "", *[_section(one) for one in events]]
        return "\n".join(parts)


def _section(one: Declared) -> str:
    head = f"### `{one.code}`: {one.label}" + (" (*internal*)" if one.internal else "")
    about = f"About the {one.subject} `{one.object_id}`." if one.subject else ""
    said = " ".join(part for part in (one.meaning, about) if part)
    table = ["| field | type |", "|---|---|", *[f"| `{name}` | {kind} |" for name, kind in one.fields]]
    besides = [f"`{name}` ({kind})" for name, kind in told.fields_of(one)] if not one.internal else []
    more = ["", f"And by webhook: {', '.join(besides)}."] if besides else []
    return "\n".join([head, "", *([said, ""] if said else []), *table, *more, ""])
