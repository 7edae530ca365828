"""End customers as a target of fields and forms of the tenant's own."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.customfields import targets
from prm.customfields.targets import Builtin
from prm.values.actor import Actor

BUILTIN = (
    Builtin("name", _("Name"), "text", locked=_("The conflict check goes by it.")),
    Builtin("tax_number", _("Tax number"), "text"),
    Builtin("domain", _("Web domain"), "text"),
    Builtin("region", _("Region"), "text"),
    Builtin("country", _("Country"), "text"),
    Builtin("phone", _("Phone"), "text"),
    Builtin("named_account", _("Named account"), "yes_no"),
    Builtin("direct_only", _("Direct sales only"), "yes_no"),
)


def register() -> None:
    targets.register(
        "customer", model="customers.EndCustomer", label=_("End customer"), verb="customers.view", builtin=BUILTIN,
        form=form, key=("customer_number", "number"), change=change,
    )  # fmt: skip


def change(row: Any, custom: dict[str, Any], by: Actor) -> Any:
    from prm.customers.services import update_customer

    return update_customer(customer=row, custom=custom, by=by)


def form(actor: Actor, **options: Any) -> Any:
    from prm.customers.forms import CustomerForm

    return CustomerForm(actor=actor, **options)
