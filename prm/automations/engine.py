"""Running automations: once for each event, whole or not at all, never in circles.

Guarantees:
- One run for an automation and an event: a unique row, written in the transaction that marks the event as heard.
- A run's actions happen together or not at all; what failed stands in the log and can be repeated. One automation's
  failure keeps neither the others nor the event waiting.
- Events that an automation set off carry how many steps they are from what a person did. After MAX_DEPTH steps no
  automation runs; nor does one that ran MOST_RUNS times about one object within an hour.
- Nobody is told of what they may not see (people.py), and only declared fields are changed, by their own services.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import structlog
from django import forms
from django.db import connection, transaction
from django.utils.translation import gettext as _

from prm.automations import days, filling, people
from prm.automations.errors import FieldGone, NothingRelated, ObjectGone, ReceiverGone
from prm.automations.filling import subject_of
from prm.automations.models import Action, Automation, Run, Task
from prm.automations.updates import Update, update_of
from prm.conditions import holds
from prm.conditions import registry as conditions
from prm.egress.services import queue
from prm.notices.services import notify
from prm.notices.texts import put_in
from prm.outbox import told
from prm.outbox.events import Declared
from prm.outbox.models import OutboxEvent
from prm.ui import said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError

log = structlog.get_logger(__name__)
MAX_DEPTH = 3
MOST_RUNS = 20


@dataclass
class Case:
    """One event as its automations see it."""

    stored: OutboxEvent
    declared: Declared
    obj: Any = None

    @property
    def label(self) -> str:
        return str(self.obj) if self.obj is not None else ""

    @property
    def link(self) -> str:
        found = getattr(self.obj, "get_absolute_url", None)
        return found() if found else ""

    def said(self, text: str, automation: Automation) -> str:
        """The administrator's words with what they mean here."""
        names = set(filling.IN_BRACES.findall(text))
        return put_in(text, filling.values_of(self, automation, names)) if names else text


def case_of(stored: OutboxEvent) -> Case:
    """The event with its object as it is now. Raises ObjectGone where there is none any more."""
    declared = stored.declared
    if declared is None:
        raise ObjectGone()
    code, number = subject_of(declared), stored.payload.get(declared.object_id)
    if not code or number is None:
        return Case(stored, declared)
    rows = conditions.subject(code).model._default_manager.all()
    if hasattr(rows, "for_everyone"):
        rows = rows.for_everyone(because="an automation about this object")
    found = rows.filter(pk=number).first()
    if found is None:
        raise ObjectGone()
    return Case(stored, declared, found)


def run_for_event(stored: OutboxEvent) -> None:
    """Let every automation that waits for the event run."""
    code = f"{stored.name}.v{stored.version}"
    for automation in Automation.objects.filter(event_code=code, is_active=True).order_by("id"):
        if not Run.objects.filter(automation=automation, event_id=stored.pk).exists():
            run(automation, stored)


def run(automation: Automation, stored: OutboxEvent) -> Run:
    """Run one automation about one event and write down how it went."""
    row = Run(automation=automation, event_id=stored.pk, object_key=stored.object_key)
    if _goes_round(automation, stored):
        row.outcome = Run.Outcome.STOPPED
    else:
        try:
            with transaction.atomic():
                case = case_of(stored)
                row.object_label = case.label[:200]
                if met(automation, case):
                    _hold_related(automation, case)
                    row.lines = [_do(action, case) for action in automation.actions.all()]
                    row.outcome = Run.Outcome.DONE
                else:
                    row.outcome = Run.Outcome.NOT_MET
        except Exception as problem:
            if not connection.is_usable():
                raise
            row.outcome, row.lines, row.error = Run.Outcome.FAILED, [], _told(problem)
            log.exception("automation_failed", automation=automation.pk, event_id=stored.pk)
    Run.objects.update_or_create(
        automation=automation, event_id=stored.pk,
        defaults={"object_key": row.object_key, "object_label": row.object_label, "outcome": row.outcome,
                  "lines": row.lines, "error": row.error, "at": clock.now()},
    )  # fmt: skip
    return Run.objects.get(automation=automation, event_id=stored.pk)


def _told(problem: Exception) -> str:
    """Why it failed; a refusal of the product's own so that each reader has it in their language."""
    if isinstance(problem, DomainError):
        return said.in_one_line(lambda: problem.text, longest=1000)
    return f"{type(problem).__name__}: {problem}"[:1000]


def _goes_round(automation: Automation, stored: OutboxEvent) -> bool:
    if stored.depth > MAX_DEPTH:
        return True
    if not stored.object_key:
        return False
    lately = Run.objects.filter(
        automation=automation, object_key=stored.object_key, outcome=Run.Outcome.DONE,
        at__gt=clock.now() - timedelta(hours=1),
    )  # fmt: skip
    return lately.count() >= MOST_RUNS


def met(automation: Automation, case: Case) -> bool:
    """Whether the condition holds for the object as it is now. Raises BadCondition where it is not sound."""
    code = subject_of(case.declared)
    return True if not code or not automation.condition else holds(automation.condition, code, case.obj)


def would(automation: Automation, case: Case) -> list[str]:
    """What the actions would do about `case`, a line each; nothing is done."""
    return [_line(action, case) for action in automation.actions.all()]


def _line(action: Action, case: Case) -> str:
    """What an action does here, in words. Raises what would also keep it from being done."""
    if action.kind in (Action.Kind.NOTIFY, Action.Kind.TASK):
        users = people.meant(action.who, case.obj)
        names = ", ".join(map(str, users[:5])) + (" …" if len(users) > 5 else "")
        values = {"text": case.said(action.words, action.automation), "names": names or _("nobody")}
        if action.kind == Action.Kind.NOTIFY:
            return _("Notice “%(text)s” to %(names)s") % values
        return _("Task “%(text)s” for %(names)s") % values
    if action.kind == Action.Kind.UPDATE:
        update = _update_of(action, case)
        return _("%(field)s becomes “%(value)s”") % {
            "field": update.label,
            "value": update.shown(action.value),
        }
    if action.receiver is None or not action.receiver.is_active:
        raise ReceiverGone()
    return _("Message to %(receiver)s") % {"receiver": action.receiver.name}


def _do(action: Action, case: Case) -> Any:
    """Do it, and say what was done as it is stored: in the words of whoever reads the log."""
    line = said.stored(said.InEach(lambda: _line(action, case)))
    key = f"automation:{action.pk}:{case.stored.pk}"
    if action.kind == Action.Kind.NOTIFY:
        text = said.InEach(lambda: case.said(action.words, action.automation))
        notify(
            users=people.meant(action.who, case.obj),
            kind="automations.notice",
            fact=key,
            values={"text": text, "object": case.label or "—", "automation": action.automation.name},
            link=case.link,
        )
    elif action.kind == Action.Kind.TASK:
        _make_task(action, case, key)
    elif action.kind == Action.Kind.UPDATE:
        _update(action, case)
    else:
        queue(
            receiver=action.receiver,
            key=key,
            object_key=case.stored.object_key,
            title="qudao.automation.v1",
            content=_content(action, case),
        )
    return line


def _make_task(action: Action, case: Case, key: str) -> None:
    due = days.later(action.days) if action.days else None
    titles = said.stored(said.InEach(lambda: case.said(action.words, action.automation)[:400]))
    task, made = Task.objects.get_or_create(
        key=key,
        defaults={
            "automation": action.automation, "title": titles["en"], "title_zh": titles["zh-hans"],
            "about": case.label[:200], "link": case.link, "due": due,
        },
    )  # fmt: skip
    if made:
        task.people.set(people.meant(action.who, case.obj))


def _update_of(action: Action, case: Case) -> Update:
    """What an action changes here. Raises FieldGone, NothingRelated."""
    update = update_of(case.declared.subject, action.field)
    if update is None or case.obj is None:
        raise FieldGone(field=action.field)
    if update.related is not None and update.related(case.obj) is None:
        raise NothingRelated(object=case.label, name=str(update.label))
    return update


def _hold_related(automation: Automation, case: Case) -> None:
    """Lock what the event's object leads to before the object itself is: a partner comes before all that it owns."""
    updates = [_update_of(one, case) for one in automation.actions.all() if one.kind == Action.Kind.UPDATE]
    rows = {update.subject: update.related(case.obj) for update in updates if update.related}
    for _subject, row in sorted(rows.items(), key=lambda pair: pair[0] != "partner"):
        found = type(row)._default_manager.all()
        if hasattr(found, "for_everyone"):
            found = found.for_everyone(because="an automation changes it")
        list(found.filter(pk=row.pk).select_for_update())


def _update(action: Action, case: Case) -> None:
    update = _update_of(action, case)
    try:
        value = update.cleaned(action.value)
    except forms.ValidationError:
        raise FieldGone(field=action.field) from None
    if update.value_of(case.obj) != value:
        update.apply(case.obj, value, Actor.job(f"automation: {action.automation.name}"))


def _content(action: Action, case: Case) -> dict[str, Any]:
    from prm.outbox.events import from_payload

    fact = from_payload(case.stored.name, case.stored.version, case.stored.payload)
    return {
        "type": "qudao.automation.v1",
        "timestamp": clock.now().isoformat(),
        "object": case.stored.object_key,
        "data": {
            "automation": action.automation.name,
            "text": case.said(action.words, action.automation),
            "event": {"type": case.declared.code, "data": {**told.about(fact), **asdict(fact)}},
        },
    }
