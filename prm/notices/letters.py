"""Writing letters: text and HTML in the reader's language, with the tenant's name and colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import translation

from prm.notices.kinds import fill
from prm.notices.links import absolute, current_tenant
from prm.notices.models import Letter
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
) -> Letter | None:
    """Store a letter in the caller's transaction; a worker sends it after the commit.

    Subject and paragraphs are lazily translated sentences with %(names)s of `values`. A second letter to the same
    address about the same `fact` is not written, and None is returned.
    """
    if fact and Letter.objects.filter(to=to, fact=fact).exists():
        return None
    tenant = current_tenant()
    if language not in dict(settings.LANGUAGES):
        language = tenant.language
    with translation.override(language):
        shown = {name: str(value) for name, value in (values or {}).items()}
        line = " ".join(fill(subject, shown).split())[:250]
        context = {
            "tenant": tenant,
            "subject": line,
            "paragraphs": [fill(paragraph, shown) for paragraph in paragraphs],
            "link": absolute(link) if link.startswith("/") else link,
            "link_label": str(link_label),
            "language": language,
        }
        text = render_to_string("notices/letter.txt", context)
        html = render_to_string("notices/letter.html", context)
    letter = Letter(
        to=to, subject=line, text=text, html=html, language=language, fact=fact, next_try_at=clock.now()
    )
    try:
        with transaction.atomic():
            letter.save(force_insert=True)
    except IntegrityError:  # somebody else was writing about the same fact
        return None
    transaction.on_commit(_wake)
    return letter


def _wake() -> None:
    from prm.notices.tasks import wake

    wake()
