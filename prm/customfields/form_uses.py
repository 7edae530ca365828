"""Which forms hold or ask for a field: those that ask keep it from being deleted, those that hold it go on without."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prm.customfields import layouts, related, targets
from prm.customfields.models import CustomField, FormLayout
from prm.customfields.plans import RULED, elements_of, placements, whose_form
from prm.customfields.rules import fields_in

State = FormLayout.State


def forms_with(field: CustomField) -> list[str]:
    """The published forms on which the field stands, in words."""
    return [
        whose_form(form)
        for form in FormLayout.objects.filter(target=field.target, state=State.PUBLISHED)
        if any(place["field"] == field.name for place in placements(form.document))
    ]


def asked_in_forms(field: CustomField) -> list[str]:
    """The conditions of published forms that ask for the field, also as one of the partner's, in words."""
    found = []
    for form in FormLayout.objects.filter(state=State.PUBLISHED):
        asking = [place["field"] for place in placements(form.document) if _asks(place, form.target, field)]
        if not asking:
            continue
        target = targets.find(form.target)
        elements = elements_of(target, "")
        named = {name: str(elements[name].label) if name in elements else name for name in asking}
        whose = _("%(what)s, %(whose)s") % {"what": target.label, "whose": whose_form(form)}
        found += [
            _("a condition of the published form “%(form)s”, at “%(field)s”")
            % {"form": whose, "field": named[name]}
            for name in asking
        ]
    return found


def _asks(place: dict, target: str, field: CustomField) -> bool:
    whens = [place.get(what) for what in RULED]
    if target == field.target and place["field"] != field.name:
        return any(field.name in fields_in(when) for when in whens)
    return any(related.asks_for(when, target, field) for when in whens)


def take_off(field: CustomField) -> None:
    """A field that is no more loses the places that were kept for it; nobody saw them any longer."""
    live = FormLayout.objects.filter(target=field.target, state__in=(State.DRAFT, State.PUBLISHED))
    for form in live.select_for_update():
        if any(place["field"] == field.name for place in placements(form.document)):
            form.document = layouts.without(form.document, {field.name})
            form.save(update_fields=["document"])
