"""Forms of automations: each kind of action asks only for what it needs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.access.permissions import grouped_by_area
from prm.automations import filling, people
from prm.automations.models import Action, Automation
from prm.automations.updates import Update, update_of, updates_of
from prm.conditions import registry
from prm.egress.querysets import webhooks_on
from prm.outbox.events import offered
from prm.ui.forms import ServiceForm

# Not the value of a deal.
VALUE = pgettext_lazy("of a field", "Value")
NEEDS = {
    Action.Kind.NOTIFY: ("who", "text", "text_zh"),
    Action.Kind.TASK: ("who", "text", "text_zh", "days"),
    Action.Kind.UPDATE: ("field", "value"),
    Action.Kind.WEBHOOK: ("receiver", "text", "text_zh"),
}


def events(known: Automation | None = None) -> list[tuple[str, Any]]:
    """Events by what they are about, as groups of choices; the one that `known` has, although its module is off."""
    codes = [(one.code, one.label) for one in offered()]
    if known is not None and known.event_code not in dict(codes):
        codes.append((known.event_code, known.event_label))
    blank = [] if known is not None else [("", _("Choose"))]
    return [*blank, *grouped_by_area(codes)]


class AutomationForm(ServiceForm):
    name = forms.CharField(label=_("Name"), max_length=120)
    event_code = forms.ChoiceField(label=_("When this happens"))

    def __init__(self, *args: Any, known: Automation | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["event_code"].choices = events(known)  # type: ignore[attr-defined]
        if known is not None:
            self.fields["event_code"].required = False  # none given: it stays what it is
            self.fields["event_code"].help_text = _(
                "Another event is taken only where the condition and all actions fit it; what does not is named."
            )


def _by_owner(updates: list[Update]) -> list[tuple[Any, Any]]:
    """Choices of fields: the object's own, then those of what it leads to, under its kind."""
    groups: dict[str, list[tuple[str, Any]]] = {}
    for one in updates:
        kind = str(registry.subject(one.subject).label) if one.related else ""
        groups.setdefault(kind, []).append((one.name, one.label))
    return [*groups.pop("", []), *groups.items()]


class ActionForm(ServiceForm):
    who = forms.MultipleChoiceField(
        label=_("Who"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nobody is told of what they may not see: partners' people only of their own company's."),
    )
    text = forms.CharField(label=_("Text"), max_length=300, required=False)
    text_zh = forms.CharField(
        label=_("Chinese text"), max_length=300, required=False,
        help_text=_("Each reads their own language; a text in one language stands for both."),
    )  # fmt: skip
    days = forms.IntegerField(label=_("Due after working days"), min_value=1, max_value=365, required=False)
    field = forms.ChoiceField(label=_("Field"))
    value = forms.CharField(label=VALUE, max_length=500, required=False)
    receiver = forms.ChoiceField(label=_("Webhook"))

    def __init__(
        self,
        *args: Any,
        kind: str,
        automation: Automation,
        field_name: str = "",
        here: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for name in list(self.fields):
            if name not in NEEDS[Action.Kind(kind)]:
                del self.fields[name]
        subject = automation.declared.subject if automation.declared else ""
        if "text" in self.fields:
            self.fields["text"].help_text = filling.in_words(automation.declared)
        if "who" in self.fields:
            chosen = self.get_initial_for_field(self.fields["who"], "who") or []
            self.fields["who"].choices = [*people.choices(), *people.to_come(chosen)]  # type: ignore[attr-defined]
        if "field" in self.fields:
            found = updates_of(subject)
            self.fields["field"].choices = _by_owner(found)  # type: ignore[attr-defined]
            self._ask_for_value(subject, field_name or (found[0].name if found else ""))
            # Another field may want its value in another way.
            self.fields["field"].widget.attrs |= {
                "hx-get": here, "hx-target": "#page", "hx-select": "#page", "hx-swap": "outerHTML"
            }  # fmt: skip
        if "receiver" in self.fields:
            self.receivers = {str(row.pk): row for row in webhooks_on()}
            named = [(key, row.name) for key, row in self.receivers.items()]
            self.fields["receiver"].choices = [("", _("Choose")), *named]  # type: ignore[attr-defined]

    def _ask_for_value(self, subject: str, name: str) -> None:
        """A field with choices offers them; yes and no are words."""
        update = update_of(subject, name)
        if update is not None and isinstance(update.field, forms.BooleanField):
            choices = [("True", _("Yes")), ("False", _("No"))]
            self.fields["value"] = forms.ChoiceField(label=VALUE, choices=choices)
        elif update is not None and isinstance(update.field, forms.ChoiceField):
            self.fields["value"] = forms.ChoiceField(label=VALUE, choices=update.field.choices)
        elif update is not None and isinstance(update.field, forms.DateField):
            self.fields["value"].widget.input_type = "date"
        if update is not None and update.field.help_text:
            self.fields["value"].help_text = update.field.help_text
        if isinstance(self.fields["value"], forms.ChoiceField):
            self.fields["value"].widget.attrs["class"] = "ui-input"

    def fields_for_service(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        if "receiver" in values:
            values["receiver"] = self.receivers.get(values["receiver"])
        return values
