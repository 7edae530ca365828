"""What the tests of configuration as text share: the tenant here, an empty one, texts of single sections."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection
from ruamel.yaml import YAML

from prm.configuration import services
from prm.tenancy.models import Tenant
from prm.tenancy.provisioning import create_tenant
from prm.values.actor import Actor

BY = Actor.command("tests")


def here() -> Tenant:
    return Tenant.objects.get(schema_name=connection.schema_name)


def fresh(slug: str) -> Tenant:
    """A new tenant with the starter kit and nobody in it."""
    before = connection.tenant
    connection.set_schema_to_public()
    made = create_tenant(slug=slug, name="Empty", language="zh-hans", currency="EUR", by=BY)
    connection.set_tenant(before)
    return made


def written(**sections: Any) -> str:
    """JSON is YAML."""
    return json.dumps({"schema": 1, **sections}, ensure_ascii=False)


def exported(name: str) -> Any:
    """A section as it is exported now."""
    return YAML(typ="safe").load(services.current_text()).get(name)


def apply(by: Actor = BY, **sections: Any) -> services.Found:
    return services.apply(source=written(**sections), by=by)


def plan(by: Actor = BY, **sections: Any) -> services.Found:
    return services.plan(source=written(**sections), by=by)
