"""What an administrator does with automations, and what people do with their tasks."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _

from prm.access.rules import require
from prm.audit.services import differences, record
from prm.automations import engine, filling
from prm.automations.errors import (
    ActionGone,
    ActionIncomplete,
    ConditionUnsound,
    EventUnfit,
    FieldGone,
    NameTaken,
    NotFailed,
    NothingToDo,
    ObjectGone,
    TaskDone,
    ValueUnfit,
)
from prm.automations.models import Action, Automation, Run, Task
from prm.automations.updates import update_of
from prm.automations.wording import in_each
from prm.conditions import BadCondition, sentence, validate
from prm.conditions.forms import dumped
from prm.egress.models import Receiver
from prm.notices.errors import UnknownPlaceholder
from prm.outbox.events import by_code
from prm.outbox.models import OutboxEvent
from prm.ui import said
from prm.values import clock, pulse
from prm.values.actor import Actor
from prm.values.errors import DomainError


@transaction.atomic
def save_automation(
    *, automation: Automation | None, name: str, event_code: str = "", by: Actor
) -> Automation:
    """A new automation, off and without actions; or another name and, where all that it has fits it, another event.

    Without `event_code` the event stays what it is.
    """
    require(by, "automations.manage")
    if Automation.objects.filter(name=name).exclude(pk=automation.pk if automation else None).exists():
        raise NameTaken()
    if automation is None:
        declared = by_code(event_code)
        if declared is None or declared.internal:
            raise ActionIncomplete(field="event_code")
        row = Automation(name=name, event_code=event_code, created_label=by.label)
        return _saved(row, "created", by, {})
    row = Automation.objects.select_for_update().get(pk=automation.pk)
    changes = differences({"name": row.name}, {"name": name})
    row.name = name
    if event_code not in ("", row.event_code):
        changes["event_code"] = [
            said.InEach(lambda label=label: label) for label in _move_to(row, event_code, by)
        ]
    return _saved(row, "changed", by, changes)


def _move_to(row: Automation, event_code: str, by: Actor) -> tuple[Any, Any]:
    """Let the automation wait for another event. Raises EventUnfit, with all that does not fit it by name.

    Returns what both events are called.
    """
    declared, before = by_code(event_code), row.declared.label if row.declared else row.event_code
    if declared is None or declared.internal:
        raise ActionIncomplete(field="event_code")
    row.event_code = event_code
    unfit = [_("the condition")] if _problem_of(row, row.condition, by) is not None else []
    for action in row.actions.select_related("receiver"):
        action.automation = row
        try:
            _must_be_complete(action)
        except DomainError as refusal:
            unfit.append(f"{action} ({refusal.text})")
    if unfit:
        raise EventUnfit(event=str(declared.label), what="; ".join(unfit))
    return before, declared.label


def _saved(row: Automation, verb: str, by: Actor, changes: dict[str, Any]) -> Automation:
    row.changed_at, row.changed_label = clock.now(), by.label
    row.save()
    record(row, verb, by=by, changes=changes)
    return row


@transaction.atomic
def set_condition(*, automation: Automation, condition: dict[str, Any], by: Actor) -> Automation:
    """When the automation applies; {} for always."""
    require(by, "automations.manage")
    automation = Automation.objects.select_for_update().get(pk=automation.pk)
    _must_be_sound(automation, condition, by)
    before, automation.condition = automation.condition, condition
    read = [_condition_in_each(one, automation, by) for one in (before, condition)]
    changes = {} if before == condition else {"condition": read}
    return _saved(automation, "changed", by, changes)


def _condition_in_each(condition: dict[str, Any], automation: Automation, by: Actor) -> Any:
    return said.InEach(lambda: _in_words(condition, automation, by)) if condition else ""


def _in_words(condition: dict[str, Any], automation: Automation, by: Actor) -> str:
    """The condition as people read it; one that is not sound any more as it is stored."""
    if not condition:
        return ""
    try:
        return sentence(condition, filling.subject_of(automation.declared), by=by)
    except (BadCondition, KeyError):
        return dumped(condition)


def _must_be_sound(automation: Automation, condition: dict[str, Any], by: Actor) -> None:
    why = _problem_of(automation, condition, by)
    if why is not None:
        raise ConditionUnsound(why=why, field="condition")


def _problem_of(automation: Automation, condition: dict[str, Any], by: Actor) -> str | None:
    """Why the condition cannot be asked of the event's object; None where it can."""
    subject = filling.subject_of(automation.declared)
    problems = validate(condition, subject, by=by) if subject and condition else []
    if problems:
        return str(problems[0].message)
    return "" if condition and not subject else None


@transaction.atomic
def add_action(
    *, automation: Automation, kind: str, who: list[str] | None = None, text: str = "", text_zh: str = "",
    days: int | None = None, field: str = "", value: str = "", receiver: Receiver | None = None, by: Actor,
) -> Action:  # fmt: skip
    """One more thing that the automation does, after the others. A text in one language stands for both."""
    require(by, "automations.manage")
    automation = Automation.objects.select_for_update().get(pk=automation.pk)
    row = Action(
        automation=automation, position=_after_the_last(automation), kind=kind, who=who or [],
        text=" ".join(text.split()), text_zh=" ".join(text_zh.split()), days=days, field=field, value=value,
        receiver=receiver,
    )  # fmt: skip
    _must_be_complete(row)
    row.save()
    _saved(automation, "action_added", by, {"action": [None, in_each(row)]})
    return row


def _after_the_last(automation: Automation) -> int:
    last = automation.actions.order_by("position", "id").last()
    return last.position + 1 if last else 0


@transaction.atomic
def change_action(
    *, action: Action, who: list[str] | None = None, text: str = "", text_zh: str = "", days: int | None = None,
    field: str = "", value: str = "", receiver: Receiver | None = None, by: Actor,
) -> Action:  # fmt: skip
    """What an action does from the next event on; its kind and its place stay."""
    require(by, "automations.manage")
    automation = Automation.objects.select_for_update().get(pk=action.automation_id)
    row = _locked_action(action)
    row.automation = automation
    before = in_each(copy(row))
    row.who, row.text, row.text_zh = who or [], " ".join(text.split()), " ".join(text_zh.split())
    row.days, row.field, row.value, row.receiver = days, field, value, receiver
    _must_be_complete(row)
    row.save()
    _saved(automation, "action_changed", by, {"action": [before, in_each(row)]})
    return row


@transaction.atomic
def move_action(*, action: Action, to: int, by: Actor) -> None:
    """Put an action at place `to` (0 first) among the others; further than the end is the end."""
    require(by, "automations.manage")
    automation = Automation.objects.select_for_update().get(pk=action.automation_id)
    rows = list(automation.actions.all())
    row = _locked_action(action)
    order = [one for one in rows if one.pk != row.pk]
    order.insert(max(0, min(to, len(order))), row)
    if [one.pk for one in order] == [one.pk for one in rows]:
        return
    _put_in_order(order)
    places = [[one.pk for one in known].index(row.pk) + 1 for known in (rows, order)]
    _saved(automation, "actions_ordered", by, {"action": [None, in_each(row)], "position": places})


def _put_in_order(actions: Iterable[Action]) -> None:
    """Number the actions 0, 1, 2 …, so that their places stay small however often some come and go."""
    for place, one in enumerate(actions):
        if one.position != place:
            Action.objects.filter(pk=one.pk).update(position=place)


def _locked_action(action: Action) -> Action:
    """The action as it stands; ActionGone when somebody took it away meanwhile."""
    row = (
        Action.objects.select_for_update(of=("self",)).select_related("receiver").filter(pk=action.pk).first()
    )
    if row is None:
        raise ActionGone()
    return row


def _must_be_complete(row: Action) -> None:
    if row.kind in (Action.Kind.NOTIFY, Action.Kind.TASK):
        if not row.who:
            raise ActionIncomplete(field="who")
        if not row.text and not row.text_zh:
            raise ActionIncomplete(field="text")
    for field in ("text", "text_zh"):
        wrong = filling.unknown_in(getattr(row, field), row.automation.declared)
        if wrong:
            raise UnknownPlaceholder(field=field, wrong=", ".join(wrong))
    if row.kind == Action.Kind.WEBHOOK and row.receiver is None:
        raise ActionIncomplete(field="receiver")
    if row.kind == Action.Kind.UPDATE:
        declared = row.automation.declared
        update = update_of(declared.subject, row.field) if declared else None
        if update is None:
            raise FieldGone(field=row.field or "—")
        if isinstance(update.field, forms.BooleanField) and row.value not in ("True", "False"):
            raise ActionIncomplete(field="value")
        try:
            update.cleaned(row.value)
        except forms.ValidationError as wrong:
            raise ValueUnfit(why=" ".join(wrong.messages)) from None


@transaction.atomic
def remove_action(*, action: Action, by: Actor) -> None:
    """Take an action away; an automation that is left with none is switched off."""
    require(by, "automations.manage")
    automation = Automation.objects.select_for_update().get(pk=action.automation_id)
    gone = in_each(action)
    action.delete()
    _put_in_order(automation.actions.all())
    if automation.is_active and not automation.actions.exists():
        automation.is_active = False
    _saved(automation, "action_removed", by, {"action": [gone, None]})


@transaction.atomic
def switch_automation(*, automation: Automation, on: bool, by: Actor) -> Automation:
    """On: from the next event on. Off: nothing more happens; what it did stays."""
    require(by, "automations.manage")
    automation = Automation.objects.select_for_update().get(pk=automation.pk)
    if on and not automation.actions.exists():
        raise NothingToDo()
    if on:
        _must_be_sound(automation, automation.condition, by)
    if automation.is_active == on:
        return automation
    automation.is_active = on
    return _saved(automation, "switched_on" if on else "switched_off", by, {})


@transaction.atomic
def delete_automation(*, automation: Automation, by: Actor) -> None:
    """The automation and the log of its runs; tasks that it made stay."""
    require(by, "automations.manage")
    record(automation, "deleted", by=by)
    automation.delete()


def last_event(automation: Automation) -> OutboxEvent | None:
    """The newest event of the automation's kind, to try it on."""
    name, _dot, version = automation.event_code.rpartition(".v")
    return OutboxEvent.objects.filter(name=name, version=int(version)).order_by("-id").first()


@transaction.atomic
def repeat_run(*, run: Run, by: Actor) -> Run:
    """Try a run again that failed or was stopped, with the automation as it is now."""
    require(by, "automations.manage")
    run = Run.objects.select_for_update(of=("self",)).select_related("automation").get(pk=run.pk)
    if run.outcome not in (Run.Outcome.FAILED, Run.Outcome.STOPPED):
        raise NotFailed()
    stored = OutboxEvent.objects.filter(pk=run.event_id).first()
    if stored is None:
        raise ObjectGone()
    record(run, "run_repeated", by=by)
    return engine.run(run.automation, stored)


@transaction.atomic
def finish_task(*, task: Task, by: Actor) -> Task:
    """Done, for everybody whose inbox it stands in."""
    require(by, "automations.do_task")
    task = Task.objects.visible_to(by).select_for_update(of=("self",)).get(pk=task.pk)
    if task.done_at:
        raise TaskDone(who=task.done_label)
    task.done_at, task.done_label = clock.now(), by.label
    task.save(update_fields=["done_at", "done_label"])
    pulse.beat()
    record(task, "task_done", by=by)
    return task
