"""What automations may change about a product: words. Code, line, price, tax and whether it is sold are people's."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.automations import updates
from prm.catalogue.services import complete_product


def register() -> None:
    for name, label, most in (("name_zh", _("Chinese name"), 200), ("description", _("Description"), 4000)):
        words = forms.CharField(max_length=most, required=False)
        updates.register("product", name, label=label, field=words, apply=_setting(name))


def _setting(name: str) -> Any:
    return lambda row, value, by: complete_product(product=row, by=by, **{name: value})
