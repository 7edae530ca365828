"""The tenant's look and its modules in the configuration as text."""

from __future__ import annotations

import base64
import binascii
from textwrap import wrap

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils.translation import gettext as _

from prm.configuration.errors import ConfigurationProblem
from prm.configuration.registry import section, when_undone
from prm.modules import registry
from prm.tenancy.brand import set_brand
from prm.tenancy.models import Tenant
from prm.tenancy.module_switch import set_modules
from prm.values.actor import Actor

LOOK = ("name", "accent", "language", "currency", "time_zone")
TEXT = {"type": "string", "minLength": 1, "maxLength": 120}


def _tenant() -> Tenant:
    return Tenant.objects.get(schema_name=connection.schema_name)


@section(
    "modules",
    order=5,
    comment="Business modules, on (true) or off (false); one that is not named stays as it is.",
    schema={"type": "object", "additionalProperties": {"type": "boolean"}},
)
class Modules:
    def export(self) -> dict[str, bool]:
        return {module.code: registry.is_on(module.code) for module in registry.modules()}

    def apply(self, wanted: dict[str, bool], *, by: Actor) -> None:
        known = {module.code for module in registry.modules()}
        unknown = sorted(set(wanted) - known)
        if unknown:
            raise ConfigurationProblem(
                [_("modules.%(code)s: there is no such module") % {"code": unknown[0]}]
            )
        off = {code for code in known if not wanted.get(code, registry.is_on(code))}
        set_modules(tenant=_tenant(), off=off, by=by)


@section(
    "brand",
    order=10,
    comment="How the tenant looks and in what it counts. The logo is a picture in base64; without it there is none.",
    schema={
        "type": "object",
        "additionalProperties": False,
        "required": list(LOOK),
        "properties": {
            "name": TEXT,
            "accent": {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"},
            "language": {"enum": ["en", "zh-hans"]},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            "time_zone": TEXT,
            "logo": {"type": "string"},
        },
    },
)
class Brand:
    def export(self) -> dict[str, str]:
        tenant = _tenant()
        values = {name: getattr(tenant, name) for name in LOOK}
        if tenant.logo and default_storage.exists(tenant.logo):
            with default_storage.open(tenant.logo) as file:
                values["logo"] = "\n".join(wrap(base64.b64encode(file.read()).decode(), 100)) + "\n"
        return values

    def apply(self, wanted: dict[str, str], *, by: Actor) -> None:
        before = self.export()
        picture = wanted.get("logo", "").split()
        same = picture == before.get("logo", "").split()
        tenant = set_brand(
            tenant=_tenant(), **{name: wanted[name] for name in LOOK}, by=by,
            logo=_file("".join(picture)) if picture and not same else None,
            remove_logo=not picture,
        )  # fmt: skip
        if picture and not same:
            stored = tenant.logo
            when_undone(lambda: default_storage.delete(stored))


def _file(text: str) -> ContentFile:
    try:
        return ContentFile(base64.b64decode(text, validate=True), name="logo")
    except (binascii.Error, ValueError):
        raise ConfigurationProblem([_("brand.logo: this is not base64")]) from None
