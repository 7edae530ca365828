"""Partners as a target of fields and forms of the tenant's own, and as what such a field can name."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from partners.people import user_ids_of
from prm.access.roles import STAFF_ROLES
from prm.customfields import targets
from prm.customfields.targets import Builtin
from prm.values.actor import Actor

BUILTIN = (
    Builtin("name", _("Name"), "text", locked=_("Everybody knows the partner by its name.")),
    Builtin(
        "type", _("Type"), "choice", choices=lambda: types(), locked=_("Rules and reports go by the type.")
    ),
    Builtin("region", _("Region"), "text"),
    Builtin("tax_number", _("Tax number"), "text"),
    Builtin("number", _("Number"), "text"),
    Builtin("parent", _("Parent partner"), "partner"),
    Builtin("website", _("Website"), "text"),
    Builtin("phone", _("Phone"), "text"),
    Builtin("address", _("Address"), "text"),
    Builtin("note", _("Internal note"), "long_text"),
)


def register() -> None:
    targets.register(
        "partner", model="partners.Partner", label=_("Partner"), verb="partners.view", builtin=BUILTIN, form=form,
        key=("partner_number", "number"), partner_verb="company.view", change=change,
    )  # fmt: skip
    targets.register_partners(model="partners.Partner", people=people_for)


def change(row: Any, custom: dict[str, Any], by: Actor) -> Any:
    from partners.services import update_partner

    return update_partner(partner=row, custom=custom, by=by)


def types() -> list[tuple[str, Any]]:
    from partners.models import Partner

    return list(Partner.Type.choices)


def form(actor: Actor, **options: Any) -> Any:
    from partners.forms import NewPartnerForm

    return NewPartnerForm(actor=actor, **options)


def people_for(actor: Actor) -> QuerySet:
    """Whom a field of kind "person" may name: staff name staff, a partner's people name their colleagues."""
    people = get_user_model()._default_manager.filter(is_active=True)
    if actor.is_partner:
        return people.filter(pk__in=user_ids_of(actor.partner_id)) if actor.partner_id else people.none()
    return people.filter(role__in=STAFF_ROLES)
