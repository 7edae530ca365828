"""Where else a field is used, so that it is not deleted from under what asks for it: automations and saved views."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

from prm.automations.models import Automation
from prm.automations.updates import update_of
from prm.conditions.models import SavedView
from prm.customfields import targets
from prm.customfields.models import CustomField


def register() -> None:
    targets.uses += [in_automations, in_saved_views]


def is_asked(condition: Any, field: CustomField) -> bool:
    """Whether a condition, or any other document, names the field."""
    return f'custom.{field.code}"' in json.dumps(condition)


def in_automations(field: CustomField) -> list[str]:
    found = []
    for row in Automation.objects.prefetch_related("actions"):
        sets = [action.field for action in row.actions.all()]
        about = row.declared.subject if row.declared else ""
        if sets_it(field, about, sets) or is_asked(row.condition, field):
            found.append(_("automation “%(name)s”") % {"name": row.name})
    return found


def sets_it(field: CustomField, about: str, names: list[str]) -> bool:
    """Whether one of the names of updates, of the subject's own or of what it leads to, is the field."""
    found = (update_of(about, name) for name in names if name.endswith(f"custom.{field.code}"))
    return any(one is not None and one.subject == field.target for one in found)


def in_saved_views(field: CustomField) -> list[str]:
    return [
        _("saved view “%(name)s”") % {"name": view.name}
        for view in SavedView.objects.filter(shared=True)
        if is_asked(view.condition, field)
    ]
