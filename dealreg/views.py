"""Pages of deal registrations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import connection
from django.forms import ModelMultipleChoiceField, MultipleChoiceField
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reselect, reswap, retarget

from dealreg import pages, services
from dealreg.errors import AttemptSpent
from dealreg.forms import (
    ApproveForm,
    CorrectForm,
    DraftForm,
    MessageForm,
    NoteForm,
    ReasonForm,
    RegisterForm,
    StaffDraftForm,
    StaffRegisterForm,
)
from dealreg.models import AvailabilityQuestion, DealRegistration
from dealreg.paper import registration_text
from dealreg.services.availability import lines_to_register
from partners.models import Partner
from prm.access.decorators import requires
from prm.files import paper
from prm.ui import formats
from prm.ui.forms import ServiceForm
from prm.values.errors import DomainError, NotAllowed

FIELDS = (
    "customer_name", "estimated_value", "expected_close", "tax_number", "domain", "region", "contact", "phone",
    "note", "type", "partner",
)  # fmt: skip


def _posted(request: Any) -> Any:
    """What was sent, even when it is empty; None for a page that is only read."""
    return request.POST if request.method == "POST" else None


def _deal(request: Any, number: str) -> DealRegistration:
    rows = DealRegistration.objects.visible_to(request.actor).readable_by(request.actor)
    return get_object_or_404(rows.for_detail(), number=number)


@require_GET
@requires("dealreg.view")
def detail(request: Any, number: str) -> HttpResponse:
    """May this one be approved? And for its partner: until when am I protected?"""
    deal = _deal(request, number)
    if request.actor.is_partner:
        context = pages.partner_detail(deal, request.actor)
        context["answer_form"] = _message_form(request, _("Your answer"))
        return render(request, "dealreg/detail_partner.html", context)
    context = pages.staff_detail(deal, request.actor, tab=request.GET.get("tab", ""))
    return render(request, "dealreg/detail_staff.html", context)


@require_GET
@requires("dealreg.view")
def pdf(request: Any, number: str) -> HttpResponse:
    """The registration on paper, as its partner may show it to its customer; a draft has none."""
    deal = _deal(request, number)
    if deal.submitted_at is None:
        raise Http404
    return paper.answer(request, lambda: registration_text(deal, request), about=deal, number=deal.number)


# ---- writing a registration ----


@requires("dealreg.register")
def new(request: Any) -> HttpResponse:
    """Is it in, and until when am I protected?"""
    return _write(request, None)


@requires("dealreg.register")
def edit(request: Any, number: str) -> HttpResponse:
    """Go on with a draft, or change what came back for it."""
    deal = _deal(request, number)
    if deal.waits_for_partner:
        return _correct(request, deal)
    return _write(request, deal) if deal.state == "draft" else redirect(deal)


def _correct(request: Any, deal: DealRegistration) -> HttpResponse:
    """A returned registration with what was asked on top; sent, it is in review again."""
    variant = services.type_code(request.POST.get("type", ""), deal)
    form = CorrectForm(
        _posted(request), request.FILES or None, actor=request.actor, currency=deal.currency, obj=deal,
        variant=variant,
        initial=_of_draft(deal),
    )  # fmt: skip
    if form.is_valid() and form.run(services.correct_registration, registration=deal, by=request.actor):
        messages.success(request, _("%(deal)s was handed in again.") % {"deal": deal})
        return redirect(deal)
    context = {"deal": deal, "form": form, "asked": pages.last_question(deal)}
    return render(request, "dealreg/correct.html", context, status=form.status)


def _write(request: Any, draft: DealRegistration | None) -> HttpResponse:
    own = _own_company(request)
    kind = RegisterForm if own else StaffRegisterForm
    draft = draft or _posted_draft(request)
    options = {"actor": request.actor, "currency": getattr(connection.tenant, "currency", "CNY")}
    options |= {"obj": draft, "variant": services.type_code(request.POST.get("type", ""), draft)}
    if request.method == "POST":
        form = kind(request.POST, request.FILES, initial=_of_draft(draft) if draft else None, **options)
        partner = {"partner": own} if own else {}
        attempt = _attempt(request)
        if form.is_valid() and form.run(
            services.register_deal, by=request.actor, registration=draft, attempt=attempt, **partner
        ):
            return redirect(form.result)
        if form.has_error(NON_FIELD_ERRORS, AttemptSpent.code):
            attempt, draft = None, None
    else:
        attempt = draft.attempt if draft else None
        form = kind(initial=_of_draft(draft) if draft else _of_question(request), **options)
    context = {"form": form, "draft": draft, "own": own, "attempt": attempt or uuid4()}
    context["variant"] = options["variant"]
    return render(request, "dealreg/register.html", context, status=form.status)


@require_POST
@requires("dealreg.register")
def draft(request: Any) -> HttpResponse:
    """What is typed so far is kept; answers with the line that says so, and with the draft's address."""
    own = _own_company(request)
    kept, problem = _posted_draft(request), ""
    options = {"obj": kept, "variant": services.type_code(request.POST.get("type", ""), kept)}
    initial = _of_draft(kept) if kept else None
    was = kept.type.code if kept else services.type_code("", None)
    form = (DraftForm if own else StaffDraftForm)(
        request.POST, actor=request.actor, initial=initial, **options
    )
    typed = form.readable()
    partner = own or typed.pop("partner", None)
    if partner is not None and (typed.get("customer_name") or kept):
        try:
            kept = services.save_draft(
                by=request.actor, partner=partner, registration=kept, attempt=_attempt(request), **typed
            )
        except NotAllowed:
            raise
        except DomainError as error:
            problem = error.text
    if kept is None and options["variant"] != request.POST.get("shown", options["variant"]):
        return _another_form(request, own, options)
    response = render(request, "dealreg/draft_line.html", {"draft": kept, "problem": problem})
    if kept is not None:
        address = reverse("dealreg:edit", args=[kept.number])
        # Another type may have another form: the page is opened anew, with what is typed so far.
        response["HX-Redirect" if options["variant"] != was and not problem else "HX-Replace-Url"] = address
    return response


def _another_form(request: Any, own: Partner | None, options: dict[str, Any]) -> HttpResponse:
    """Another type may have another form: it comes in place of the one that is shown, with what is typed so far."""
    options |= {"currency": getattr(connection.tenant, "currency", "CNY")}
    form = (RegisterForm if own else StaffRegisterForm)(actor=request.actor, **options)
    for name, field in form.fields.items():
        many = isinstance(field, MultipleChoiceField | ModelMultipleChoiceField)
        if name in request.POST:
            form.initial[name] = request.POST.getlist(name) if many else request.POST[name]
    context = {"form": form, "draft": None, "own": own, "attempt": _attempt(request) or uuid4()}
    answer = render(request, "dealreg/register.html", context | {"variant": options["variant"]})
    return reselect(retarget(reswap(answer, "outerHTML"), "#deal-form"), "#deal-form")


def _own_company(request: Any) -> Partner | None:
    """The partner in whose name the reader writes; None for staff, who choose one."""
    if not request.actor.is_partner:
        return None
    return get_object_or_404(Partner.objects.visible_to(request.actor), pk=request.actor.partner_id)


def _attempt(request: Any) -> UUID | None:
    """The mark that the form was given when it was shown; what is no mark is as none."""
    try:
        return UUID(request.POST.get("attempt", ""))
    except ValueError:
        return None


def _posted_draft(request: Any) -> DealRegistration | None:
    number = request.POST.get("draft", "")
    return _deal(request, number) if number else None


def _of_draft(draft: DealRegistration) -> dict[str, Any]:
    lines = [line.product_line_id for line in draft.lines.all()]
    return {name: getattr(draft, name) for name in FIELDS} | {"product_lines": lines}


def _of_question(request: Any) -> dict[str, Any]:
    """A question that was answered before fills the form; somebody else's fills nothing."""
    token = request.GET.get("from", "")
    if not token:
        return {"customer_name": request.GET.get("customer", "")[:200]}
    asked = get_object_or_404(AvailabilityQuestion.objects.visible_to(request.actor), token=token)
    names = ("customer_name", "tax_number", "domain", "region")
    return {name: getattr(asked, name) for name in names} | {"product_lines": lines_to_register(asked)}


# ---- what staff decide ----


@requires("dealreg.approve")
def approve(request: Any, number: str) -> HttpResponse:
    """Approve at once from the decision line, or choose lines first."""
    deal = _deal(request, number)
    if request.method == "GET" and not deal.waits_for_staff:
        what = {"deal": deal, "state": deal.get_state_display()}
        messages.error(request, _("%(deal)s: %(state)s. There is nothing to decide about it now.") % what)
        return redirect(deal)
    decision = pages.decision_of(deal, request.actor, None)
    if request.method == "GET" and decision and not decision.free:
        messages.error(request, _("Every product line is held already, so there is nothing to approve."))
        return redirect(deal)
    free = [line.pk for line in decision.free] if decision else []
    form = ApproveForm(_posted(request), actor=request.actor, registration=deal, free=free)
    if form.is_valid() and form.run(services.approve_registration, registration=deal, by=request.actor):
        until = formats.day(form.result.protected_until)
        messages.success(
            request, _("%(deal)s is approved and protected until %(day)s.") % {"deal": deal, "day": until}
        )
        return redirect(deal)
    words = _("Protection begins today and lasts %(days)s days.") % {"days": deal.type.protection_days}
    return _verb(request, deal, form, title=_("Approve registration"), effect=words)


@requires("dealreg.reject")
def reject(request: Any, number: str) -> HttpResponse:
    form = _reason_form(request, help_text=_("The partner reads it. Never name anybody else."))
    effect = _("This is final. The partner may register the customer again later.")
    return _do(
        request, number, form, services.reject_registration, _("%(deal)s was rejected."),
        title=_("Reject registration"), effect=effect, final=True,
    )  # fmt: skip


@requires("dealreg.ask")
def ask(request: Any, number: str) -> HttpResponse:
    form = _message_form(request, _("What do you need to know?"))
    effect = _("Your promise stops until the partner answers.")
    return _do(
        request, number, form, services.request_information, _("The partner was asked about %(deal)s."),
        title=_("Ask for information"), effect=effect,
    )  # fmt: skip


# ---- what the partner does ----


@requires("dealreg.register")
def answer(request: Any, number: str) -> HttpResponse:
    form = _message_form(request, _("Your answer"))
    return _do(
        request, number, form, services.answer_information, _("Your answer was sent."), title=_("Answer"),
        effect=_("The registration goes back into review."),
    )  # fmt: skip


@requires("dealreg.close")
def won(request: Any, number: str) -> HttpResponse:
    form = NoteForm(_posted(request), actor=request.actor, label=_("Note"), required=False)
    return _do(
        request, number, form, services.mark_won, _("%(deal)s is won."), title=_("Report as won"),
        effect=_("The protection stays until its last day. You can order from this deal."),
    )  # fmt: skip


@requires("dealreg.close")
def lost(request: Any, number: str) -> HttpResponse:
    form = _reason_form(request, help_text=_("What decided it: price, time, another product?"))
    return _do(
        request, number, form, services.mark_lost, _("%(deal)s is lost."), title=_("Report as lost"),
        effect=_("The protection ends now. Others may register this customer."), final=True,
    )  # fmt: skip


@requires("dealreg.close")
def withdraw(request: Any, number: str) -> HttpResponse:
    form = _reason_form(request, required=False)
    title, state = _("Withdraw registration"), _deal(request, number).state
    effect = _("The decision is called off; nothing is protected so far. This cannot be undone.")
    if state == "approved":
        effect = _("The protection ends now. This cannot be undone.")
    if state == "draft":
        title = _("Discard draft")
        effect = _(
            "Nobody has seen this draft and nothing is protected. It is closed for good: nobody can write on it or "
            "submit it any more. It stays in your list as withdrawn."
        )
    return _do(
        request, number, form, services.withdraw_registration, _("%(deal)s was withdrawn."),
        title=title, effect=effect, final=True,
    )  # fmt: skip


def _reason_form(request: Any, **options: Any) -> ReasonForm:
    return ReasonForm(_posted(request), actor=request.actor, **options)


def _message_form(request: Any, label: str) -> MessageForm:
    return MessageForm(_posted(request), actor=request.actor, label=label)


def _do(
    request: Any, number: str, form: ServiceForm, service: Callable[..., Any], done: str, **words: Any
) -> HttpResponse:
    """One verb on one registration: its form, then the service, then the registration's page."""
    deal = _deal(request, number)
    if form.is_valid() and form.run(service, registration=deal, by=request.actor):
        messages.success(request, done % {"deal": deal})
        return redirect(deal)
    return _verb(request, deal, form, **words)


def _verb(request: Any, deal: DealRegistration, form: ServiceForm, **words: Any) -> HttpResponse:
    return render(request, "dealreg/verb.html", {"deal": deal, "form": form, **words}, status=form.status)
