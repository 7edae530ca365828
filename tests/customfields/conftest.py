"""Fields of the tenant's own, made by its administrator."""

from __future__ import annotations

from typing import Any

import pytest

from prm.customfields import services
from prm.customfields.layouts import tidy
from prm.customfields.models import CustomField, FormLayout
from prm.values import clock


@pytest.fixture
def field(db, administrator):
    """`field("deal", "competitor", kind="choice", choices=["HP", "Dell"], required=True)`."""

    def make(target: str, code: str, kind: str = "text", **how: Any) -> CustomField:
        options = {
            name: how.pop(name) for name in ("places", "expression", "result", "pattern") if name in how
        }
        if "choices" in how:
            options["choices"] = [("", label, "") for label in how.pop("choices")]
        label = how.pop("label", code.replace("_", " ").capitalize())
        return services.create_field(
            target=target, code=code, kind=kind, label=label, options=options, by=administrator, **how
        )

    return make


@pytest.fixture
def published(db):
    """`published("deal", [places…])`: a form with one section, as if it had been published."""

    def make(
        target: str, places: list[dict[str, Any]], *, role: str = "", variant: str = "", columns: int = 1
    ):
        section = {"title": "Form", "columns": columns, "fields": places}
        return FormLayout.objects.create(
            target=target, role=role, variant=variant, version=1, state="published", published_at=clock.now(),
            document=tidy({"schema": 1, "sections": [section]}),
        )  # fmt: skip

    return make
