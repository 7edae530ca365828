"""Automations in the configuration as text."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from prm.access.roles import Role
from prm.automations import people, services
from prm.automations.models import Action, Automation
from prm.configuration.errors import ConfigurationProblem
from prm.configuration.registry import at, each, exact, note, ordered, section
from prm.egress.models import Receiver
from prm.modules.registry import runs
from prm.outbox.events import offered
from prm.values.actor import Actor

CONDITION = ("all", "any", "not", "field", "measure", "period", "op", "value", "currency")


@section(
    "automations",
    order=80,
    comment=(
        "Automations: when an event happens and the condition holds, then the actions; all of them. One that is not\n"
        "named is deleted with its log. `who` names groups (managers, role:finance) and people by their e-mail address."
    ),
    schema={
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "event", "actions"],
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 120},
                "on": {"type": "boolean"},
                "event": {"type": "string"},
                "condition": {"type": "object"},
                "actions": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["kind"],
                        "properties": {
                            "kind": {"enum": [str(kind) for kind in Action.Kind.values]},
                            "who": {"type": "array", "items": {"type": "string"}},
                            "text": {"type": "string", "maxLength": 300},
                            "text_zh": {"type": "string", "maxLength": 300},
                            "days": {"type": "integer", "minimum": 1, "maximum": 365},
                            "field": {"type": "string", "maxLength": 80},
                            "value": {"type": "string", "maxLength": 500},
                            "webhook": {"type": "string", "maxLength": 120},
                        },
                    },
                },
            },
        },
    },
)
class Automations:
    def export(self) -> list[dict[str, Any]]:
        emails = _emails()
        return [_entry(row, emails) for row in _rows()]

    def apply(self, wanted: list[dict[str, Any]], *, by: Actor) -> None:
        known = {row.name: row for row in _rows()}
        names = [entry["name"] for entry in wanted]
        for name, row in known.items():
            if name not in names:
                services.delete_automation(automation=row, by=by)
        for place, entry in each("automations", wanted):
            if names.count(entry["name"]) > 1:
                raise ConfigurationProblem(
                    [f"{place}.name: " + _("the name “%(name)s” stands there twice") % entry]
                )
            with at(place):
                _One(place, exact(entry), by).apply(known.get(entry["name"]))


def _rows() -> list[Automation]:
    """Those about events of modules that are on, by name."""
    rows = Automation.objects.prefetch_related("actions__receiver").order_by("name")
    return [row for row in rows if row.declared is None or runs(row.declared.cls)]


def _emails() -> dict[str, str]:
    """The address of each person, by the choice that is stored."""
    return {f"user:{pk}": email for pk, email in get_user_model()._default_manager.values_list("pk", "email")}


def _entry(row: Automation, emails: dict[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": row.name, "on": row.is_active, "event": row.event_code}
    if row.condition:
        entry["condition"] = ordered(row.condition, *CONDITION)
    return entry | {"actions": [_action_entry(action, emails) for action in row.actions.all()]}


def _action_entry(action: Action, emails: dict[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"kind": str(action.kind)}
    if action.who:
        entry["who"] = [emails.get(one, one.removeprefix(people.TO_COME)) for one in action.who]
    for name in ("text", "text_zh", "days", "field", "value"):
        if getattr(action, name):
            entry[name] = getattr(action, name)
    return entry | ({"webhook": action.receiver.name} if action.receiver else {})


class _One:
    """One automation made as the text says."""

    def __init__(self, place: str, entry: dict[str, Any], by: Actor):
        self.place, self.entry, self.by = place, entry, by

    def wrong(self, part: str, sentence: str) -> None:
        raise ConfigurationProblem([f"{self.place}.{part}: {sentence}"])

    def apply(self, row: Automation | None) -> None:
        if row is not None and row.event_code != self.entry["event"]:
            # Its condition and actions are about another event: nothing of it stays but the name.
            services.delete_automation(automation=row, by=self.by)
            row = None
        if row is None:
            row = self.made()
        condition = self.entry.get("condition", {})
        if row.condition != condition:
            row = services.set_condition(automation=row, condition=condition, by=self.by)
        wanted = [
            {**one, **{name: " ".join(one[name].split()) for name in ("text", "text_zh") if name in one}}
            for one in self.entry["actions"]
        ]
        if _entry(row, _emails())["actions"] != wanted:
            self.act(row, wanted)
        row = Automation.objects.get(pk=row.pk)
        services.switch_automation(automation=row, on=self.entry.get("on", False), by=self.by)

    def made(self) -> Automation:
        known = {one.code for one in offered()}
        if self.entry["event"] not in known:
            self.wrong("event", _("there is no event “%(event)s”") % self.entry)
        return services.save_automation(
            automation=None, name=self.entry["name"], event_code=self.entry["event"], by=self.by
        )

    def act(self, row: Automation, wanted: list[dict[str, Any]]) -> None:
        """Other actions in the place of those that are there; never none meanwhile, which would switch it off."""
        old = list(row.actions.all())
        for place, entry in each("actions", wanted):
            with at(f"{self.place}.{place}"):
                services.add_action(
                    automation=row, kind=entry["kind"], who=self.who(place, entry.get("who", [])),
                    text=entry.get("text", ""), text_zh=entry.get("text_zh", ""),
                    days=entry.get("days"), field=entry.get("field", ""),
                    value=entry.get("value", ""), receiver=self.receiver(place, entry), by=self.by,
                )  # fmt: skip
        for action in old:
            services.remove_action(action=action, by=self.by)

    def who(self, place: str, wanted: list[str]) -> list[str]:
        by_email = {email.lower(): choice for choice, email in _emails().items()}
        roles = {f"role:{role}" for role in Role.values}
        found = []
        for one in wanted:
            choice = one if one == people.MANAGERS or one in roles else by_email.get(one.lower())
            found.append(choice or self.to_come(f"{place}.who", one))
        return found

    def to_come(self, part: str, who: str) -> str:
        """Somebody who is not here yet. Where the colleagues have come, an address that nobody has is a mistake."""
        words = {"who": who}
        if "@" not in who or people.anybody_but_administrators():
            self.wrong(part, _("“%(who)s” is neither a group nor the address of somebody here") % words)
        sentence = _("nobody has the address “%(who)s” yet; they are told from the day they come")
        note(f"{self.place}.{part}", sentence % words)
        return people.TO_COME + who

    def receiver(self, place: str, entry: dict[str, Any]) -> Receiver | None:
        if "webhook" not in entry:
            return None
        found = Receiver.objects.filter(name=entry["webhook"]).first()
        if found is None:
            self.wrong(f"{place}.webhook", _("there is no webhook “%(webhook)s”") % entry)
        return found
