"""Business apps that a tenant can switch off, and whose code is whose.

An app declares itself once, in `apps.py`:

    modules.register("orders", label=_("Orders"), text=_("…"), names=("orders", "sales"))

From then on the platform asks here, so that no view, list or job asks for itself. Off means: the app's addresses are
unknown, its verbs nobody's, its listeners, jobs and daily work at rest, its commands refused. Its rows stay.

- code (functions, classes) belongs to the module in whose package it stands: `runs(listener)`
- verbs, kinds of notices and addresses by their first word: `name_is_on("sales.view")`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection


@dataclass(frozen=True)
class Module:
    """code: the app's package and the namespace of its addresses; needs: modules without which it cannot be on.

    open_work() says, as sentences, what stays undone in the current tenant while it is off.
    """

    code: str
    label: Any
    text: Any
    needs: tuple[str, ...]
    names: tuple[str, ...]
    order: int
    open_work: Callable[[], Iterable[str]]


_modules: dict[str, Module] = {}


def register(
    code: str, *, label: Any, text: Any, needs: Iterable[str] = (), names: Iterable[str] = (), order: int = 100,
    open_work: Callable[[], Iterable[str]] = tuple,
) -> None:  # fmt: skip
    """Declare a business app as a module. `names` are the first words of its verbs; by default its code."""
    _modules[code] = Module(code, label, text, tuple(needs), tuple(names) or (code,), order, open_work)


def modules() -> list[Module]:
    return sorted(_modules.values(), key=lambda module: (module.order, module.code))


def module_of(code: str) -> Module:
    """KeyError when nobody declares it."""
    return _modules[code]


def needed_by(code: str) -> list[Module]:
    """The modules that cannot be on without this one."""
    return [module for module in modules() if code in module.needs]


def switched_off() -> dict[str, str]:
    """The modules that are off in the current tenant, each with the moment since when."""
    tenant = getattr(connection, "tenant", None)
    if tenant is None or connection.schema_name == settings.PUBLIC_SCHEMA_NAME:
        return {}
    known = getattr(tenant, "modules_off", None)
    if known is None:  # the schema was entered by its name alone
        known = _stored(connection.schema_name)
        tenant.modules_off = known
    return known


def _stored(schema: str) -> dict[str, str]:
    from django_tenants.utils import get_tenant_model

    rows = get_tenant_model().objects.filter(schema_name=schema)
    return rows.values_list("modules_off", flat=True).first() or {}


def is_on(code: str) -> bool:
    """Whether the module is on in the current tenant; what is no module always is."""
    return code not in _modules or code not in switched_off()


def owner_of(thing: Any) -> str:
    """The module in whose package a function or class stands; "" for the platform's."""
    found = getattr(thing, "__module__", "").partition(".")[0]
    return found if found in _modules else ""


def runs(thing: Any) -> bool:
    """Whether the function or class belongs to no module, or to one that is on."""
    return is_on(owner_of(thing))


def name_is_on(name: str) -> bool:
    """Whether a verb, kind of notice or address (`orders.view`, `orders:list`) belongs to no module that is off."""
    off = switched_off()
    if not off:
        return True
    first = name.replace(":", ".").partition(".")[0]
    return not any(first in _modules[code].names for code in off if code in _modules)


def module_of_name(first: str) -> Module | None:
    """The module to which the verbs belong that begin with this word."""
    return next((module for module in _modules.values() if first in module.names), None)


def names_off() -> list[str]:
    """First words of everything that is off."""
    return [name for code in switched_off() if code in _modules for name in _modules[code].names]
