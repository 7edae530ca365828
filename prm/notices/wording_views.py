"""The administrator's pages about letters: their words in each language, and their sender."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.modules.registry import name_is_on
from prm.notices import texts, wording
from prm.notices.forms import SenderForm, WordsForm
from prm.notices.links import current_tenant
from prm.notices.querysets import letter_text, worded_letters
from prm.notices.texts import LetterForm
from prm.values.errors import DomainError


def _letter(name: str, language: str) -> LetterForm:
    found = texts.letter_form(name)
    if found is None or language not in dict(settings.LANGUAGES):
        raise Http404
    return found


@requires("notices.word")
@require_GET
def wordings(request: Any) -> HttpResponse:
    """Every letter, and which have words of the tenant's own."""
    own = worded_letters()
    groups: dict[str, list[dict[str, Any]]] = {}
    for form in (one for one in texts.all_letters() if name_is_on(one.name)):
        changed = {row.language for row in own.get(form.name, [])}
        languages = [(code, label, code in changed) for code, label in settings.LANGUAGES]
        groups.setdefault(str(form.group), []).append({"form": form, "languages": languages})
    context = {"groups": groups.items(), "sender": wording.sender(), "tenant": current_tenant()}
    return render(request, "notices/wordings.html", context)


@requires("notices.word")
def words(request: Any, name: str, language: str) -> HttpResponse:
    """One letter in one language: its words, the placeholders, and how it looks with real values."""
    letter = _letter(name, language)
    known = letter_text(name, language)
    subject, body = (known.subject, known.body) if known else texts.default_words(letter, language)
    form = WordsForm(request.POST or None, initial={"subject": subject, "body": body}, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        if "preview" in request.POST:
            subject, body = _tried(form, letter, subject, body)
        elif form.run(wording.save_words, form=letter, language=language, by=request.actor):
            messages.success(request, _("Saved. Letters leave with these words from now on."))
            return redirect("notices:words", name, language)
    values = wording.samples(letter, current_tenant().name, language)
    line, text, _html = wording.preview(letter, language, subject, body, values)
    context = {
        "letter": letter,
        "language": language,
        "languages": settings.LANGUAGES,
        "known": known,
        "form": form,
        "samples": values.items(),
        "line": line,
        "text": text,
    }
    return render(request, "notices/words.html", context, status=form.status)


def _tried(form: WordsForm, letter: LetterForm, subject: str, body: str) -> tuple[str, str]:
    """What is to be shown: what was typed where it is sound, else the words of before with the problem named."""
    typed = form.cleaned_data
    try:
        wording.check_words(letter, typed["subject"], typed["body"])
    except DomainError as refusal:
        form.add_error(refusal.field, refusal.text)
        return subject, body
    return typed["subject"], typed["body"]


@requires("notices.word")
@require_GET
def words_html(request: Any, name: str, language: str) -> HttpResponse:
    """The stored letter as a mail program shows it."""
    letter = _letter(name, language)
    known = letter_text(name, language)
    subject, body = (known.subject, known.body) if known else texts.default_words(letter, language)
    values = wording.samples(letter, current_tenant().name, language)
    return HttpResponse(wording.preview(letter, language, subject, body, values)[2])


@requires("notices.word")
@require_POST
def reset(request: Any, name: str, language: str) -> HttpResponse:
    letter = _letter(name, language)
    if wording.reset_words(form=letter, language=language, by=request.actor):
        messages.success(request, _("The letter has the product's words again."))
    return redirect("notices:words", name, language)


@requires("notices.word")
def sender(request: Any) -> HttpResponse:
    known = wording.sender()
    initial = {"name": known.name, "reply_to": known.reply_to}
    form = SenderForm(request.POST or None, initial=initial, actor=request.actor)
    if form.is_valid() and form.run(wording.save_sender, by=request.actor):
        messages.success(request, _("Saved. Letters leave in this name from now on."))
        return redirect("notices:wordings")
    return render(request, "notices/sender.html", {"form": form, "known": known}, status=form.status)
