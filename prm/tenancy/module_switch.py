"""Switching a tenant's modules off and on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from prm.access.rules import require
from prm.audit.services import record
from prm.jobs.services import start_job
from prm.modules import registry
from prm.tenancy.errors import ModuleNeeded, ModuleNeedsOthers, ModuleUnknown
from prm.tenancy.models import Tenant
from prm.values import clock
from prm.values.actor import Actor

CATCH_UP_JOB = "tenancy.catch_up"


def switch_module(*, tenant: Tenant, code: str, on: bool, reason: str = "", by: Actor) -> Tenant:
    """Switch one module; switching it to what it is changes nothing. Its rows stay as they are."""
    off = registry.switched_off()
    wanted = {known for known in off if known != code} if on else {*off, code}
    return set_modules(tenant=tenant, off=wanted, reason=reason, by=by)


def set_modules(*, tenant: Tenant, off: Iterable[str], reason: str = "", by: Actor) -> Tenant:
    """Let exactly the modules `off` be off. Refused while a module that stays on needs one of them."""
    require(by, "tenancy.modules")
    wanted = set(off)
    known = {module.code: module for module in registry.modules()}
    for code in sorted(wanted - set(known)):
        raise ModuleUnknown(code=code, known=", ".join(known))
    with transaction.atomic():
        tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
        before = set(tenant.modules_off) & set(known)
        _refuse_gaps(wanted, before)
        goes, comes = sorted(wanted - before), sorted(before - wanted)
        since = {code: tenant.modules_off[code] for code in comes}
        now = clock.now().isoformat()
        tenant.modules_off = {code: tenant.modules_off.get(code, now) for code in sorted(wanted)}
        if goes or comes:
            tenant.save(update_fields=["modules_off"])
        for code in (*goes, *comes):
            verb = "module_switched_off" if code in goes else "module_switched_on"
            record(tenant, verb, by=by, reason=reason, changes={"module": [None, code]})
        for code in comes:
            params = {"module": code, "since": since[code]}
            start_job(kind=CATCH_UP_JOB, key=code, params=params, link="/settings/modules/", by=by)
    connection.set_tenant(tenant)  # the rest of this request already knows
    return tenant


def _refuse_gaps(wanted: set[str], before: set[str]) -> None:
    for module in registry.modules():
        missing = [registry.module_of(code) for code in module.needs if code in wanted]
        if module.code in wanted or not missing:
            continue
        others = ", ".join(str(one.label) for one in missing)
        if module.code in before:
            raise ModuleNeedsOthers(name=module.label, names=others)
        needing = [one.label for one in registry.needed_by(missing[0].code) if one.code not in wanted]
        raise ModuleNeeded(name=missing[0].label, names=", ".join(map(str, needing)))


def since_when(code: str) -> datetime | None:
    """Since when the module is off; None while it is on."""
    text = registry.switched_off().get(code)
    return datetime.fromisoformat(text) if text else None
