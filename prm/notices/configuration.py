"""Letters, webhooks and robots in the configuration as text."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from prm.access.roles import Role
from prm.configuration.errors import ConfigurationProblem
from prm.configuration.registry import at, each, note, section
from prm.egress import kinds
from prm.egress.models import Receiver
from prm.egress.services import save_receiver
from prm.notices import texts, wording
from prm.notices.models import LetterText
from prm.values.actor import Actor

LANGUAGES = [code for code, _label in settings.LANGUAGES]


def _refuse(place: str, sentence: str) -> None:
    raise ConfigurationProblem([f"{place}: {sentence}"])


@section(
    "webhooks",
    order=75,
    comment=(
        "Webhooks and robots in group chats; one that is not named stays. Secrets are not in this file, nor are the\n"
        "addresses of robots, which are keys. One that is new gets a new secret and is off until somebody has copied\n"
        "it into the receiving system (or has entered the robot's address) and switches it on."
    ),
    schema={
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "kind", "wants"],
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 120},
                "kind": {"type": "string"},
                "address": {"type": "string", "maxLength": 2000},
                "language": {"enum": LANGUAGES},
                "team": {"enum": [str(role) for role in Role.values]},
                "wants": {"type": "array", "items": {"type": "string"}},
            },
        },
    },
)
class Webhooks:
    def export(self) -> list[dict[str, Any]]:
        return [_entry(row) for row in Receiver.objects.order_by("name", "id")]

    def apply(self, wanted: list[dict[str, Any]], *, by: Actor) -> None:
        known = {row.name: row for row in Receiver.objects.select_for_update()}
        for place, entry in each("webhooks", wanted):
            row = known.get(entry["name"])
            _check(place, entry, row)
            if row is not None and _entry(row) == _in_order(entry):
                continue
            address = entry.get("address", "")
            with at(place):
                made = save_receiver(
                    receiver=row, kind=entry["kind"], name=entry["name"], wants=entry["wants"],
                    url="" if row is not None and row.url == address else address,
                    audience=entry.get("team", ""), language=entry.get("language", ""),
                    off_because=Receiver.NEW_HERE, by=by,
                )  # fmt: skip
            if row is None:
                _say_what_is_missing(place, made)
            known[made.name] = made


def _entry(row: Receiver) -> dict[str, Any]:
    kind = kinds.kind_of(row.kind)
    entry: dict[str, Any] = {"name": row.name, "kind": row.kind}
    if not kind.is_robot:
        entry["address"] = row.url
    if row.language:
        entry["language"] = row.language
    if row.audience:
        entry["team"] = row.audience
    return entry | {"wants": sorted(row.wants)}


def _in_order(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "wants": sorted(entry["wants"])}


def _check(place: str, entry: dict[str, Any], row: Receiver | None) -> None:
    known = {kind.code: kind for kind in kinds.all_kinds()}
    kind = known.get(entry["kind"])
    if kind is None or (row is not None and row.kind != entry["kind"]):
        choices = row.kind if row is not None else ", ".join(known)
        _refuse(
            f"{place}.kind",
            _("“%(kind)s” is not one of: %(choices)s") % {"kind": entry["kind"], "choices": choices},
        )
        return
    if kind.is_robot and "address" in entry:
        _refuse(f"{place}.address", _("the address of a robot is its key: enter it on its page, not here"))
    if not kind.is_robot and not entry.get("address"):
        _refuse(f"{place}.address", _("the address is missing"))
    for name in ("language", "team"):
        if not kind.is_robot and name in entry:
            _refuse(f"{place}.{name}", _("only robots have this"))
    offered = {code for code, _label in kind.choices()}
    unknown = [code for code in entry["wants"] if code not in offered]
    if unknown:
        _refuse(f"{place}.wants", _("there is no “%(code)s” to be told of") % {"code": unknown[0]})


def _say_what_is_missing(place: str, made: Receiver) -> None:
    said = {"name": made.name}
    if kinds.kind_of(made.kind).makes_secret:
        note(
            place,
            _("“%(name)s” is new and has a new secret. Copy it from its page, then switch it on.") % said,
        )
    else:
        note(
            place,
            _("“%(name)s” is new and has no address yet. Enter it on its page, then switch it on.") % said,
        )


@section(
    "letters",
    order=85,
    comment=(
        "In whose name letters leave, and letters with words of one's own, all of them: one that is not named has the\n"
        "product's words again. An empty line begins a new paragraph; {placeholders} are those of the letter's page."
    ),
    schema={
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "sender": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "maxLength": 80},
                    "reply_to": {"type": "string", "maxLength": 254},
                },
            },
            "words": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["letter", "language", "subject", "body"],
                    "properties": {
                        "letter": {"type": "string"},
                        "language": {"enum": LANGUAGES},
                        "subject": {"type": "string", "minLength": 1, "maxLength": 200},
                        "body": {"type": "string", "minLength": 1, "maxLength": 5000},
                    },
                },
            },
        },
    },
)
class Letters:
    def export(self) -> dict[str, Any]:
        rows = LetterText.objects.order_by("name", "language")
        words = [
            {"letter": row.name, "language": row.language, "subject": row.subject, "body": row.body}
            for row in rows
            if texts.letter_form(row.name) is not None
        ]
        return {"sender": self._sender(), "words": words}

    def _sender(self) -> dict[str, str]:
        sender = wording.sender()
        return {name: getattr(sender, name) for name in ("name", "reply_to") if getattr(sender, name)}

    def apply(self, wanted: dict[str, Any], *, by: Actor) -> None:
        if "sender" in wanted:
            self._set_sender(wanted["sender"], by)
        if "words" in wanted:
            self._word(wanted["words"], by)

    def _set_sender(self, wanted: dict[str, str], by: Actor) -> None:
        name, reply_to = " ".join(wanted.get("name", "").split()), wanted.get("reply_to", "")
        if {"name": name, "reply_to": reply_to} == {"name": "", "reply_to": "", **self._sender()}:
            return
        try:
            if reply_to:
                validate_email(reply_to)
        except ValidationError:
            _refuse(
                "letters.sender.reply_to", _("“%(address)s” is no e-mail address") % {"address": reply_to}
            )
        wording.save_sender(name=name, reply_to=reply_to, by=by)

    def _word(self, wanted: list[dict[str, Any]], by: Actor) -> None:
        known = {(row.name, row.language): row for row in LetterText.objects.all()}
        named = set()
        for place, entry in each("letters.words", wanted):
            key = (entry["letter"], entry["language"])
            form = texts.letter_form(entry["letter"])
            if form is None:
                _refuse(f"{place}.letter", _("there is no letter “%(letter)s”") % entry)
            if key in named:
                _refuse(place, _("the letter “%(letter)s” stands there twice") % entry)
            named.add(key)
            row = known.get(key)
            if form is not None and (
                row is None or (row.subject, row.body) != (entry["subject"], entry["body"])
            ):
                with at(place):
                    wording.save_words(
                        form=form,
                        language=entry["language"],
                        subject=entry["subject"],
                        body=entry["body"],
                        by=by,
                    )
        for key in set(known) - named:
            form = texts.letter_form(key[0])
            if form is not None:
                wording.reset_words(form=form, language=key[1], by=by)
