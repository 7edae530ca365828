"""What the texts of automations may name in {braces}, and what each name stands for in one case.

Every text may name the object, the event and the automation; more where the event is about something that has it:
its partner, its number, its customer, its amount, and who did it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from prm.audit.history import who
from prm.audit.models import AuditEntry
from prm.conditions import registry as conditions
from prm.outbox import told
from prm.outbox.events import Declared, from_payload
from prm.ui import formats

if TYPE_CHECKING:
    from prm.automations.engine import Case
    from prm.automations.models import Automation

# Whatever stands in braces: what is none of the names is a slip of the pen, and would go out as it is written.
IN_BRACES = re.compile(r"\{([^{}]*)\}")
MEANINGS: dict[str, Any] = {
    "object": gettext_lazy("what it is about"),
    "event": gettext_lazy("what happened"),
    "automation": gettext_lazy("this automation's name"),
    "person": gettext_lazy("who did it"),
    "partner": gettext_lazy("the partner's name"),
    "number": gettext_lazy("its number"),
    "customer": gettext_lazy("the end customer's name"),
    "amount": pgettext_lazy("of an object", "its amount"),
}
ALWAYS = ("object", "event", "automation")


def subject_of(declared: Declared | None) -> str:
    """The conditions' subject of an event; "" where it is about nothing that conditions know."""
    return declared.subject if declared and declared.subject in conditions.known() else ""


def names_for(declared: Declared | None) -> list[str]:
    """The names that texts about the event may hold."""
    code = subject_of(declared)
    if declared is None or not code:
        return list(ALWAYS)
    facts = {name for name, _type in told.fields_of(declared)}
    more = {
        "person": True,
        "partner": bool(conditions.subject(code).partner),
        "number": _number_in(code, facts) != "",
        "customer": "customer_name" in facts,
        "amount": {"amount", "currency"} <= facts,
    }
    return [*ALWAYS, *(name for name, known in more.items() if known)]


def _number_in(code: str, facts: Any) -> str:
    """Which of the facts told of an object is its own number."""
    return next((name for name in (f"{code}_number", "run_number") if name in facts), "")


def in_words(declared: Declared | None) -> str:
    """The names with what they mean, for the page on which texts are written."""
    shown = ", ".join(f"{{{name}}} ({MEANINGS[name]})" for name in names_for(declared))
    return _("Filled in each time: %(names)s.") % {"names": shown}


def unknown_in(text: str, declared: Declared | None) -> list[str]:
    """What stands in braces in `text` and is not known for the event, as it is written."""
    known = names_for(declared)
    return [f"{{{name}}}" for name in IN_BRACES.findall(text) if name not in known]


def values_of(case: Case, automation: Automation, names: set[str]) -> dict[str, str]:
    """What those of `names` stand for here, in the active language; — for what the object has not."""
    facts = told.about(from_payload(case.stored.name, case.stored.version, case.stored.payload))
    writers: dict[str, Callable[[], Any]] = {
        "object": lambda: case.label,
        "event": lambda: case.declared.label,
        "automation": lambda: automation.name,
        "person": lambda: _person(case),
        "partner": lambda: _partner(case),
        "number": lambda: facts.get(_number_in(subject_of(case.declared), facts)),
        "customer": lambda: facts.get("customer_name"),
        "amount": lambda: _amount(facts),
    }
    return {name: str(writers[name]() or "—") if name not in ALWAYS else str(writers[name]())
            for name in names if name in writers}  # fmt: skip


def _person(case: Case) -> str:
    """Who last changed the object when the event was stored: services record, then emit, with the row held."""
    if case.obj is None:
        return ""
    entry = AuditEntry.objects.of(case.obj).filter(at__lte=case.stored.created_at).first()
    return who(entry) if entry is not None else ""


def _partner(case: Case) -> str:
    path = conditions.subject(subject_of(case.declared)).partner if case.obj is not None else ""
    if not path:
        return ""
    return str(case.obj if path == "pk" else attrgetter(path.replace("__", "."))(case.obj))


def _amount(facts: Any) -> str:
    amount, currency = facts.get("amount"), facts.get("currency")
    return formats.money(amount, currency) if amount is not None and currency else ""
