"""The administrator's pages about automations, and everybody's about a task."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prm.access.decorators import requires
from prm.audit.history import history_of
from prm.automations import engine, filling, services
from prm.automations.forms import ActionForm, AutomationForm
from prm.automations.models import Action, Automation, Run, Task
from prm.automations.querysets import actions_of
from prm.automations.updates import updates_of
from prm.automations.wording import words_of
from prm.conditions.forms import ConditionField
from prm.conditions.reading import BadCondition
from prm.ui.forms import ServiceForm
from prm.ui.parts import Fact, Verb
from prm.values.errors import DomainError, NotAllowed

LATEST = 10


@requires("automations.view")
@require_GET
def automation(request: Any, pk: int) -> HttpResponse:
    """One automation: when, if, then; and what it did lately."""
    return _page(request, get_object_or_404(Automation, pk=pk))


def _page(request: Any, row: Automation, problem: str = "", status: int = 200) -> HttpResponse:
    may = "automations.manage" in request.actor.permissions
    context = {
        "row": row,
        "subject": filling.subject_of(row.declared),
        "actions": [(action, words_of(action)) for action in actions_of(row.pk)],
        "kinds": _kinds(row) if may else [],
        "latest": list(row.runs.order_by("-id")[:LATEST]),
        "verbs": _verbs(row) if may else [],
        "happenings": history_of(row, request.actor, limit=10),
        "may": may,
        "problem": problem,
        "rests": row.rests,
    }
    return render(request, "automations/automation.html", context, status=status)


def _kinds(row: Automation) -> list[tuple[str, Any]]:
    """The kinds of actions that the event allows: without fields to change there is no such action."""
    subject = row.declared.subject if row.declared else ""
    return [one for one in Action.Kind.choices if one[0] != Action.Kind.UPDATE or updates_of(subject)]


def _verbs(row: Automation) -> list[Verb]:
    def at(name: str) -> str:
        return reverse(f"automations:{name}", args=[row.pk])

    on = Verb(gettext_lazy("Switch on"), post=at("switch"), icon="player-play", primary=not row.is_active)
    off = Verb(gettext_lazy("Switch off"), post=at("switch"), icon="player-pause")
    return [
        off if row.is_active else on,
        Verb(gettext_lazy("Test"), href=at("test"), icon="eye", primary=row.is_active),
        Verb(gettext_lazy("Change name or event"), href=at("edit"), icon="pencil"),
        Verb(gettext_lazy("Delete"), href=at("delete"), icon="trash", final=True),
    ]


@requires("automations.manage")
def new(request: Any) -> HttpResponse:
    return _form(request, None)


@requires("automations.manage")
def edit(request: Any, pk: int) -> HttpResponse:
    return _form(request, get_object_or_404(Automation, pk=pk))


def _form(request: Any, row: Automation | None) -> HttpResponse:
    initial = {"name": row.name, "event_code": row.event_code} if row else None
    form = AutomationForm(request.POST or None, known=row, initial=initial, actor=request.actor)
    if form.is_valid() and form.run(services.save_automation, automation=row, by=request.actor):
        return redirect(form.result)
    back = row.get_absolute_url() if row else reverse("automations:list")
    title = row.name if row else _("Add an automation")
    context = {"form": form, "row": row, "back": back, "title": title, "submit": _("Save")}
    return render(request, "automations/form.html", context, status=form.status)


class ConditionForm(ServiceForm):
    def __init__(self, *args: Any, subject: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["condition"] = ConditionField(subject=subject, by=self.actor)


@requires("automations.manage")
def condition(request: Any, pk: int) -> HttpResponse:
    """The condition in the visual builder."""
    row = get_object_or_404(Automation, pk=pk)
    subject = filling.subject_of(row.declared)
    if not subject:
        raise Http404
    form = ConditionForm(
        request.POST or None, subject=subject, initial={"condition": row.condition}, actor=request.actor
    )
    if form.is_valid() and form.run(services.set_condition, automation=row, by=request.actor):
        return redirect(row)
    shown = form["condition"].value() if form.is_bound else row.condition
    context = {"form": form, "row": row, "subject": subject, "condition": shown}
    return render(request, "automations/condition.html", context, status=form.status)


@requires("automations.manage")
def add_action(request: Any, pk: int, kind: str) -> HttpResponse:
    row = get_object_or_404(Automation, pk=pk)
    if kind not in dict(_kinds(row)):
        raise Http404
    field = request.POST.get("field") or request.GET.get("field") or ""
    form = ActionForm(
        request.POST or None, kind=kind, automation=row, field_name=field, initial={"field": field},
        actor=request.actor, here=request.path,
    )  # fmt: skip
    if form.is_valid() and form.run(services.add_action, automation=row, kind=kind, by=request.actor):
        return redirect(row)
    context = {
        "form": form, "row": row, "back": row.get_absolute_url(), "title": Action.Kind(kind).label,
        "submit": _("Add"),
    }  # fmt: skip
    return render(request, "automations/form.html", context, status=form.status)


@requires("automations.manage")
def edit_action(request: Any, pk: int, action_pk: int) -> HttpResponse:
    """What one action does, changed where it stands."""
    row = get_object_or_404(Automation, pk=pk)
    action = get_object_or_404(row.actions, pk=action_pk)
    field = request.POST.get("field") or request.GET.get("field") or action.field
    initial: dict[str, Any] = {
        name: getattr(action, name) for name in ("who", "text", "text_zh", "days", "value")
    }
    initial |= {"field": field, "receiver": str(action.receiver_id or "")}
    if field != action.field:
        initial.pop("value")
    form = ActionForm(
        request.POST or None, kind=action.kind, automation=row, field_name=field, initial=initial,
        actor=request.actor, here=request.path,
    )  # fmt: skip
    if form.is_valid() and form.run(services.change_action, action=action, by=request.actor):
        return redirect(f"{row.get_absolute_url()}#action-{action.pk}")
    context = {
        "form": form, "row": row, "back": row.get_absolute_url(), "title": action.get_kind_display(),
        "submit": _("Save"),
    }  # fmt: skip
    return render(request, "automations/form.html", context, status=form.status)


@requires("automations.manage")
@require_POST
def move_action(request: Any, pk: int, action_pk: int) -> HttpResponse:
    row = get_object_or_404(Automation, pk=pk)
    action = get_object_or_404(row.actions, pk=action_pk)
    to = request.POST.get("to", "")
    if not to.isascii() or not to.isdecimal() or len(to) > 6:
        raise Http404
    services.move_action(action=action, to=int(to), by=request.actor)
    return redirect(f"{row.get_absolute_url()}#action-{action.pk}")


@requires("automations.manage")
@require_POST
def remove_action(request: Any, pk: int, action_pk: int) -> HttpResponse:
    row = get_object_or_404(Automation, pk=pk)
    services.remove_action(action=get_object_or_404(row.actions, pk=action_pk), by=request.actor)
    return redirect(row)


@requires("automations.view")
@require_GET
def test(request: Any, pk: int) -> HttpResponse:
    """What would it do about the last real event? Nothing is done."""
    row = get_object_or_404(Automation, pk=pk)
    stored = services.last_event(row)
    context: dict[str, Any] = {"row": row, "stored": stored, "subject": filling.subject_of(row.declared)}
    if stored is not None:
        try:
            case = engine.case_of(stored)
            context |= {"case": case, "met": engine.met(row, case), "lines": engine.would(row, case)}
        except DomainError as refusal:
            context["problem"] = refusal.text
        except BadCondition:
            context["problem"] = _("The condition is not sound any more.")
    return render(request, "automations/test.html", context)


@requires("automations.manage")
@require_POST
def switch(request: Any, pk: int) -> HttpResponse:
    """On or off; what keeps it from being switched on stands next to the switch."""
    row = get_object_or_404(Automation, pk=pk)
    try:
        row = services.switch_automation(automation=row, on=not row.is_active, by=request.actor)
    except NotAllowed:
        raise
    except DomainError as refusal:
        return _page(request, row, problem=refusal.text, status=409)
    messages.success(
        request, _("It runs from the next event on.") if row.is_active else _("It does nothing any more.")
    )
    return redirect(row)


@requires("automations.manage")
@require_http_methods(["GET", "POST"])
def delete(request: Any, pk: int) -> HttpResponse:
    row = get_object_or_404(Automation, pk=pk)
    if request.method == "POST":
        services.delete_automation(automation=row, by=request.actor)
        messages.success(request, _("%(name)s is deleted.") % {"name": row.name})
        return redirect("automations:list")
    return render(request, "automations/delete.html", {"row": row})


@requires("automations.view")
@require_GET
def run(request: Any, pk: int) -> HttpResponse:
    """One run: what was done about which event, or why not."""
    row = get_object_or_404(Run, pk=pk)
    facts = [
        Fact(gettext_lazy("Automation"), row.automation.name, href=row.automation.get_absolute_url()),
        Fact(gettext_lazy("Event"), row.automation.event_label, href=_event_address(request.actor, row)),
        Fact(gettext_lazy("Object"), row.object_key),
    ]
    verbs = []
    if (
        row.outcome in (Run.Outcome.FAILED, Run.Outcome.STOPPED)
        and "automations.manage" in request.actor.permissions
    ):
        verbs = [Verb(gettext_lazy("Run again"), post=reverse("automations:repeat", args=[pk]), primary=True)]
    return render(request, "automations/run.html", {"row": row, "facts": facts, "verbs": verbs})


def _event_address(actor: Any, row: Run) -> str:
    return reverse("outbox:event", args=[row.event_id]) if "outbox.view" in actor.permissions else ""


@requires("automations.manage")
@require_POST
def repeat(request: Any, pk: int) -> HttpResponse:
    """Try a run again, and say what it did now."""
    row = get_object_or_404(Run, pk=pk)
    try:
        row = services.repeat_run(run=row, by=request.actor)
    except NotAllowed:
        raise
    except DomainError as refusal:
        messages.error(request, refusal.text)
        return redirect(row)
    tell = messages.success if row.outcome == Run.Outcome.DONE else messages.warning
    if row.outcome == Run.Outcome.FAILED:
        tell = messages.error
    tell(request, _outcome_in_words(row))
    return redirect(row)


def _outcome_in_words(row: Run) -> str:
    if row.outcome == Run.Outcome.DONE:
        return _("Run again. Done: %(lines)s") % {"lines": "; ".join(row.said_lines)}
    if row.outcome == Run.Outcome.NOT_MET:
        return _("Run again. The condition does not hold any more, so nothing was done.")
    if row.outcome == Run.Outcome.FAILED:
        return _("Run again. It failed again, and nothing was done: %(why)s") % {"why": row.error_said}
    return _("Run again. It was stopped again, and nothing was done: it still goes round in circles.")


@requires("automations.do_task")
@require_GET
def task(request: Any, pk: int) -> HttpResponse:
    """One task: what is to be done, about what."""
    row = get_object_or_404(Task.objects.visible_to(request.actor), pk=pk)
    verbs = (
        []
        if row.done_at
        else [Verb(gettext_lazy("Done"), post=reverse("automations:done", args=[pk]), primary=True)]
    )
    return render(request, "automations/task.html", {"row": row, "verbs": verbs})


@requires("automations.do_task")
@require_POST
def done(request: Any, pk: int) -> HttpResponse:
    row = get_object_or_404(Task.objects.visible_to(request.actor), pk=pk)
    services.finish_task(task=row, by=request.actor)
    messages.success(request, _("The task is done."))
    return redirect("notices:inbox")
