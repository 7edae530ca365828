"""Deal registrations as a target of fields and forms of the tenant's own."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from prm.catalogue.models import ProductLine
from prm.customfields import targets
from prm.customfields.targets import Builtin
from prm.values.actor import Actor

BUILTIN = (
    Builtin("partner", _("Partner"), "partner", locked=_("A registration belongs to a partner."), only="staff"),
    Builtin(
        "customer_name", _("Customer"), "text",
        locked=_("The protection is for one end customer: without its name nothing can be checked or protected."),
    ),
    Builtin(
        "product_lines", _("Product lines"), "many", choices=lambda: product_lines(), codes=lambda: line_codes(),
        read=lambda deal: lines_of(deal),
        locked=_("The protection is for product lines: without one there is nothing to protect."),
    ),
    Builtin(
        "estimated_value", _("Estimated value"), "money",
        locked=_("Figures, rules and approvals reckon with the value."),
    ),
    Builtin(
        "expected_close", _("Expected close"), "date",
        locked=_("A registration in review always has a day by which it is to close."),
    ),
    Builtin("tax_number", _("Tax number"), "text"),
    Builtin("domain", _("Web domain"), "text"),
    Builtin("region", _("Region"), "text"),
    Builtin("contact", _("Contact at the customer"), "text"),
    Builtin("phone", _("Phone"), "text"),
    Builtin("note", _("What do they need?"), "long_text"),
    Builtin(
        "type", _("Type"), "choice", choices=lambda: types("pk"), codes=lambda: codes(), given=True,
        locked=_("The type decides how long the protection lasts. With one type only, nobody is asked."),
    ),
)  # fmt: skip


def register() -> None:
    targets.register(
        "deal", model="dealreg.DealRegistration", label=_("Deal registration"), verb="dealreg.view", builtin=BUILTIN,
        form=form, variants=lambda: types("code"), variant_of=lambda deal: deal.type.code,
        audiences=("partner", "staff"), most_mandatory=6, seen_by=seen_by,
        change=change, key=("deal_number", "number"),
    )  # fmt: skip


def change(row: Any, custom: dict[str, Any], by: Actor) -> Any:
    from dealreg.services import complete_registration

    return complete_registration(registration=row, custom=custom, by=by)


def seen_by(actor: Actor) -> QuerySet:
    from dealreg.models import DealRegistration

    return DealRegistration.objects.visible_to(actor).readable_by(actor)


def types(key: str) -> list[tuple[str, str]]:
    from dealreg.models import RegistrationType

    return [(str(getattr(kind, key)), str(kind)) for kind in RegistrationType.objects.all()]


def product_lines() -> list[tuple[str, str]]:
    return [(str(line.pk), str(line)) for line in ProductLine.objects.filter(is_active=True)]


def line_codes() -> dict[str, str]:
    return {str(line.pk): line.code for line in ProductLine.objects.all()}


def lines_of(deal: Any) -> list[int]:
    return list(deal.lines.values_list("product_line_id", flat=True)) if deal.pk else []


def codes() -> dict[str, str]:
    """What each type is called in every tenant, by the value that forms post."""
    from dealreg.models import RegistrationType

    return {str(kind.pk): kind.code for kind in RegistrationType.objects.all()}


def form(actor: Actor, **options: Any) -> Any:
    """The form as `actor` meets it, for the designer."""
    from dealreg.forms import RegisterForm, StaffRegisterForm

    return (RegisterForm if actor.is_partner else StaffRegisterForm)(actor=actor, **options)
