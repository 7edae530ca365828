"""What an administrator does with letters: words of one's own, the sender."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from prm.access.rules import require
from prm.audit.services import differences, record
from prm.notices import texts
from prm.notices.errors import NoText, UnknownPlaceholder
from prm.notices.letters import compose
from prm.notices.models import LetterText, Notice, Sender
from prm.notices.texts import LetterForm
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor


def check_words(form: LetterForm, subject: str, body: str) -> None:
    """Raise for a placeholder that the letter does not know, and for a letter without text."""
    for field, text in (("subject", subject), ("body", body)):
        wrong = texts.unknown_placeholders(text, form)
        if wrong:
            raise UnknownPlaceholder(field=field, wrong=", ".join(wrong))
    if not texts.paragraphs_of(body):
        raise NoText()


@transaction.atomic
def save_words(*, form: LetterForm, language: str, subject: str, body: str, by: Actor) -> LetterText:
    """Let a letter have the tenant's own words in one language, from now on."""
    require(by, "notices.word")
    subject, body = " ".join(subject.split()), body.replace("\r\n", "\n").strip()
    check_words(form, subject, body)
    row = LetterText.objects.select_for_update().filter(name=form.name, language=language).first()
    before = _said(row, form, language)
    row = row or LetterText(name=form.name, language=language)
    row.subject, row.body, row.changed_at, row.changed_label = subject, body, clock.now(), by.label
    row.save()
    changes = differences(before, {"subject": subject, "body": body})
    if changes:
        record(row, "letter_worded", by=by, changes=changes)
    return row


def _said(row: LetterText | None, form: LetterForm, language: str) -> dict[str, Any]:
    subject, body = (row.subject, row.body) if row else texts.default_words(form, language)
    return {"subject": subject, "body": body}


@transaction.atomic
def reset_words(*, form: LetterForm, language: str, by: Actor) -> bool:
    """Let a letter have the product's words again; whether it had others."""
    require(by, "notices.word")
    row = LetterText.objects.select_for_update().filter(name=form.name, language=language).first()
    if row is None:
        return False
    subject, body = texts.default_words(form, language)
    changes = differences({"subject": row.subject, "body": row.body}, {"subject": subject, "body": body})
    record(row, "letter_reset", by=by, changes=changes)
    row.delete()
    return True


def samples(form: LetterForm, tenant_name: str, language: str) -> dict[str, str]:
    """Values for a preview, in the letter's language: of the newest notice of the kind, else the placeholders' names.

    What that notice leaves empty, such as a reason that nobody gave, stays empty as in its letter.
    """
    newest = (
        Notice.objects.filter(kind=form.name).order_by("-id").values_list("values", flat=True).first() or {}
    )
    with translation.override(language):
        known = {name: str(said.shown(value)) for name, value in newest.items()}
    usual = {"tenant": tenant_name, "count": "3", "days": "7", "minutes": "15"}
    return {name: known.get(name, usual.get(name, f"‹{name}›")) for name in form.placeholders}


def preview(
    form: LetterForm, language: str, subject: str, body: str, values: dict[str, str]
) -> tuple[str, str, str]:
    """Subject, text and HTML of the letter as it would leave."""
    items = []
    if form.name == "notices.digest":
        items = [{"title": "‹…›", "body": "", "link": "/inbox/notices/"}] * 2
    return compose(
        subject="", paragraphs=[], values=values, own=(subject, texts.paragraphs_of(body)), language=language,
        link="/", link_label=_("Open in the portal"), items=items,
    )  # fmt: skip


def sender() -> Sender:
    return Sender.objects.filter(pk=1).first() or Sender(pk=1)


@transaction.atomic
def save_sender(*, name: str, reply_to: str, by: Actor) -> Sender:
    """In whose name letters leave, and where answers go. The address itself is the installation's."""
    require(by, "notices.word")
    row = Sender.objects.select_for_update().filter(pk=1).first() or Sender(pk=1)
    before = {"name": row.name, "reply_to": row.reply_to}
    row.name, row.reply_to = " ".join(name.split()), reply_to
    row.changed_at, row.changed_label = clock.now(), by.label
    row.save()
    changes = differences(before, {"name": row.name, "reply_to": row.reply_to})
    if changes:
        record(row, "sender_changed", by=by, changes=changes)
    return row
