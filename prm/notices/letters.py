"""Writing letters: text and HTML in the reader's language, with the tenant's name, colour and own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import translation

from prm.notices.kinds import fill
from prm.notices.links import absolute, current_tenant
from prm.notices.models import Letter
from prm.notices.texts import own_words, put_in
from prm.ui import said
from prm.values import clock


def write_letter(
    *,
    to: str,
    subject: Any,
    paragraphs: Iterable[Any],
    values: Mapping[str, Any] | None = None,
    link: str = "",
    link_label: Any = "",
    language: str = "",
    fact: str = "",
    name: str = "",
    items: Sequence[Mapping[str, str]] = (),
    not_before: datetime | None = None,
) -> Letter | None:
    """Store a letter in the caller's transaction; a worker sends it after the commit.

    Subject and paragraphs are lazily translated sentences with %(names)s of `values`; where the tenant has words of
    its own for the letter `name`, those are used. `items` (title, body, link) are listed after the paragraphs. A
    second letter to the same address about the same `fact` is not written, and None is returned.
    """
    if fact and Letter.objects.filter(to=to, fact=fact).exists():
        return None
    tenant = current_tenant()
    if language not in dict(settings.LANGUAGES):
        language = tenant.language
    line, text, html = compose(
        subject=subject, paragraphs=paragraphs, values=values or {}, link=link, link_label=link_label,
        language=language, own=own_words(name, language), items=items,
    )  # fmt: skip
    letter = Letter(
        to=to, subject=line, text=text, html=html, language=language, fact=fact,
        next_try_at=not_before or clock.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            letter.save(force_insert=True)
    except IntegrityError:  # somebody else was writing about the same fact
        return None
    transaction.on_commit(_wake)
    return letter


def compose(
    *,
    subject: Any,
    paragraphs: Iterable[Any],
    values: Mapping[str, Any],
    language: str,
    own: tuple[str, list[str]] | None = None,
    link: str = "",
    link_label: Any = "",
    items: Sequence[Mapping[str, str]] = (),
) -> tuple[str, str, str]:
    """Subject, text and HTML of a letter; `own` are the tenant's words with {placeholders} instead of the sentences."""
    tenant = current_tenant()
    with translation.override(language):
        shown = {"tenant": tenant.name} | {name: str(said.shown(value)) for name, value in values.items()}
        if own:
            line, parts = put_in(own[0], shown), [put_in(part, shown) for part in own[1]]
        else:
            line, parts = fill(subject, shown), [fill(paragraph, shown) for paragraph in paragraphs]
        context = {
            "tenant": tenant,
            "subject": " ".join(line.split())[:250],
            "paragraphs": parts,
            "items": [{**item, "link": _full(item.get("link", ""))} for item in items],
            "link": _full(link),
            "link_label": str(link_label),
            "language": language,
            "portal": absolute("/"),
        }
        # Plain text is no HTML: what a template returns counts as safe, and a page would not escape it.
        text = "" + render_to_string("notices/letter.txt", context)
        html = render_to_string("notices/letter.html", context)
    return context["subject"], text, html


def _full(link: str) -> str:
    return absolute(link) if link.startswith("/") else link


def _wake() -> None:
    from prm.notices.tasks import wake

    wake()
