"""Which role somebody has, and what a role of the tenant's own may do: choices and forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.access import permissions
from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role
from prm.accounts.models import OwnRole
from prm.accounts.reads import own_role_of, own_roles
from prm.ui.forms import ServiceForm

OWN = "own:"


def role_choices(roles: Any) -> list[tuple[str, Any]]:
    """The built-in roles of one side (or all), and with those of the staff the tenant's own."""
    built_in = [(role.value, role.label) for role in roles]
    own = [(f"{OWN}{role.code}", str(role)) for role in own_roles()]
    if not own or Role.ADMINISTRATOR not in roles:
        return built_in
    staff = [pair for pair in built_in if pair[0] in STAFF_ROLES]
    others = [pair for pair in built_in if pair[0] in PARTNER_ROLES]
    return [*staff, *own, *others]


def role_value(user: Any) -> str:
    return f"{OWN}{user.own_role.code}" if user.own_role_id else str(user.role)


def role_of(value: str) -> dict[str, Any]:
    """`role` and `own_role` of a chosen value, as the services take them."""
    if not value.startswith(OWN):
        return {"role": value, "own_role": None}
    own = own_role_of(value.removeprefix(OWN))
    return {"role": own.base, "own_role": own}


class OwnRoleForm(ServiceForm):
    """Names, and ticks for what the role may do, by area."""

    name = forms.CharField(label=_("Name"), max_length=60)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=60, required=False)
    pairs = (("name", "name_zh"),)

    def __init__(self, *args: Any, role: OwnRole, **kwargs: Any):
        kwargs.setdefault("initial", {"name": role.name, "name_zh": role.name_zh})
        super().__init__(*args, **kwargs)
        self.role = role
        self.areas: dict[str, list[str]] = {}
        for code, label, verbs in permissions.offered_by_area():
            names = [verb.name for verb in verbs]
            self.areas[f"may_{code}"] = names
            self.fields[f"may_{code}"] = forms.MultipleChoiceField(
                label=label, required=False, widget=forms.CheckboxSelectMultiple(attrs={"class": "ui-check"}),
                choices=[(verb.name, verb.label) for verb in verbs],
                initial=[name for name in names if name in role.verbs],
            )  # fmt: skip

    def fields_for_service(self) -> dict[str, Any]:
        shown = {name for names in self.areas.values() for name in names}
        # What belongs to a module that is off is not asked for here and stays.
        chosen = set(self.role.verbs) - shown
        for field in self.areas:
            chosen |= set(self.cleaned_data[field])
        named = {name: self.cleaned_data[name] for name in ("name", "name_zh")}
        return named | {"verbs": chosen, "base": self.role.base, "code": self.role.code}
