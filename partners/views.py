"""Pages about partners."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from partners import pages, services
from partners.criteria import progress_of
from partners.errors import ChangeRefused, ChangeWaits
from partners.forms import ContactForm, ManagerForm, NewPartnerForm, PartnerForm, StatusForm, TierForm
from partners.models import Contact, Member, Partner
from partners.querysets import managers_of
from prm.access.decorators import requires
from prm.audit.history import history_of
from prm.customfields.showing import facts_of
from prm.values import clock


def partner_of(request: Any, pk: int) -> Partner:
    return get_object_or_404(Partner.objects.visible_to(request.actor).with_tier(clock.today()), pk=pk)


@requires("partners.view")
def detail(request: Any, pk: int) -> HttpResponse:
    """What must I know before I call?"""
    partner = partner_of(request, pk)
    history = history_of(partner, request.actor)
    return render(
        request,
        "partners/detail.html",
        {
            "partner": partner,
            "contacts": partner.contacts.all(),
            "members": partner.members.on(clock.today()).select_related("user"),
            "tiers": partner.tier_memberships.select_related("tier").order_by("-during"),
            "progress": progress_of(partner),
            "managers": managers_of(partner),
            "children": Partner.objects.visible_to(request.actor)
            .filter(parent=partner)
            .order_by("name")[:20],
            "history": history,
            "changes": pages.pending_changes(partner, request.actor),
            "own": facts_of("partner", partner, request.actor),
            "next_states": pages.next_states(partner, request.actor),
            "sections": pages.sections_for(partner, request.actor),
            "figures": pages.figures_for(partner, request.actor),
        },
    )


@requires("partners.create")
def create(request: Any) -> HttpResponse:
    form = NewPartnerForm(request.POST or None, request.FILES or None, actor=request.actor)
    if form.is_valid() and form.run(services.create_partner, by=request.actor):
        messages.success(request, _("%(name)s was added.") % {"name": form.result.name})
        return redirect(form.result)
    context = {"form": form, "title": _("Add a partner"), "submit": _("Add partner"), "cancel": "/partners/"}
    return render(request, "partners/form.html", context, status=form.status)


@requires("partners.edit")
def edit(request: Any, pk: int) -> HttpResponse:
    partner = partner_of(request, pk)
    initial = {name: getattr(partner, name) for name in services.companies.FIELDS}
    form = PartnerForm(
        request.POST or None, request.FILES or None, actor=request.actor, initial=initial, obj=partner
    )
    if form.is_valid() and form.run(services.update_partner, partner=partner, by=request.actor):
        return done(request, form.result)
    return form_page(request, partner, form, _("Edit partner"), _("Save"))


@requires("partners.edit")
def status(request: Any, pk: int, state: str) -> HttpResponse:
    partner = partner_of(request, pk)
    if state not in Partner.Status.values:
        raise Http404
    form = StatusForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.change_status, partner=partner, status=state, by=request.actor):
        return done(request, form.result)
    verb = str(pages.STATUS_VERBS[state])
    return form_page(request, partner, form, verb, verb, note=str(pages.STATUS_EFFECTS.get(state, "")))


@requires("partners.set_tier")
def tier(request: Any, pk: int) -> HttpResponse:
    partner = partner_of(request, pk)
    form = TierForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.set_tier, partner=partner, by=request.actor):
        return done(request, form.result)
    return form_page(request, partner, form, _("Set the tier"), _("Set tier"))


@requires("partners.manage_contacts")
def contact(request: Any, pk: int, contact_pk: int | None = None) -> HttpResponse:
    partner = partner_of(request, pk)
    known = None
    if contact_pk is not None:
        known = get_object_or_404(Contact.objects.visible_to(request.actor), partner=partner, pk=contact_pk)
    initial = {name: getattr(known, name) for name in ContactForm.base_fields} if known else None
    form = ContactForm(request.POST or None, actor=request.actor, initial=initial)
    if form.is_valid() and form.run(services.save_contact, partner=partner, contact=known, by=request.actor):
        return redirect(pages.back_to(partner, request.actor))
    return form_page(
        request, partner, form, _("Edit contact") if known else _("Add a contact"), _("Save contact")
    )


@requires("partners.manage_contacts")
def contact_remove(request: Any, pk: int, contact_pk: int) -> HttpResponse:
    """Says what is lost, then does it."""
    partner = partner_of(request, pk)
    known = get_object_or_404(Contact.objects.visible_to(request.actor), partner=partner, pk=contact_pk)
    back = pages.back_to(partner, request.actor)
    if request.method == "POST":
        services.remove_contact(contact=known, by=request.actor)
        messages.success(request, _("%(name)s is removed from the contacts.") % {"name": known.name})
        return redirect(back)
    effect = _(
        "Telephone number and e-mail are deleted for good. Whether the person signs in does not change."
    )
    if known.is_primary:
        effect += " " + _("This is the main contact; another one has to be made the main contact.")
    title = _("Remove %(name)s?") % {"name": known.name}
    context = {
        "partner": partner,
        "title": title,
        "effect": effect,
        "verb": _("Remove contact"),
        "back": back,
    }
    return render(request, "partners/confirm.html", context)


@requires("partners.assign")
def assign(request: Any, pk: int) -> HttpResponse:
    partner = partner_of(request, pk)
    form = ManagerForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.assign_manager, partner=partner, by=request.actor):
        return done(request, form.result)
    return form_page(request, partner, form, _("Assign a channel manager"), _("Assign"))


@require_POST
@requires("partners.assign")
def unassign(request: Any, pk: int, user_pk: int) -> HttpResponse:
    partner = partner_of(request, pk)
    user = get_object_or_404(get_user_model(), pk=user_pk)
    try:
        return done(request, services.unassign_manager(partner=partner, user=user, by=request.actor))
    except ChangeWaits as refusal:
        messages.error(request, refusal.text)
        return redirect(partner)


@requires("partners.manage_people")
def member_remove(request: Any, pk: int, member_pk: int) -> HttpResponse:
    """Says what will happen and, to administrators, what work is left lying; then does it."""
    partner = partner_of(request, pk)
    members = Member.objects.visible_to(request.actor).select_related("user")
    member = get_object_or_404(members, partner=partner, pk=member_pk)
    back, name = pages.back_to(partner, request.actor), member.user.name
    if request.method == "POST":
        services.end_membership(member=member, by=request.actor)
        words = {"name": name, "partner": partner.name}
        messages.success(request, _("%(name)s no longer belongs to %(partner)s.") % words)
        return redirect(back)
    effect = _(
        "%(name)s is signed out everywhere at once, sees nothing of this partner any more and cannot sign in. What the "
        "person wrote stays. A new invitation to the same e-mail brings the person back."
    )
    title = _("End the membership of %(name)s?") % {"name": name}
    context = {"partner": partner, "title": title, "effect": effect % {"name": name}, "back": back}
    context |= {"verb": _("End membership"), "work": pages.work_left_by(member.user, request.actor)}
    return render(request, "partners/confirm.html", context)


@requires("company.view")
def company(request: Any) -> HttpResponse:
    """The partner's own company: tier, people, contacts, who looks after it."""
    partner = partner_of(request, request.actor.partner_id)
    return render(
        request,
        "partners/company.html",
        {
            "partner": partner,
            "contacts": partner.contacts.all(),
            "members": partner.members.on(clock.today()).select_related("user"),
            "tiers": partner.tier_memberships.select_related("tier").order_by("-during"),
            "progress": progress_of(partner),
            "managers": managers_of(partner),
            "own": facts_of("partner", partner, request.actor),
        },
    )


def done(request: Any, partner: Partner) -> HttpResponse:
    """Back to the partner's page; where the change was only asked for, or rejected at once, it says so."""
    if partner.refused_change is not None:
        messages.error(request, ChangeRefused(partner=partner.name).text)
    if partner.asked_change is not None:
        messages.info(request, _("Handed in. Nothing is changed before it is approved."))
    return redirect(partner)


def form_page(
    request: HttpRequest, partner: Partner, form: Any, title: str, submit: str, note: str = ""
) -> HttpResponse:
    back = pages.back_to(partner, request.actor)  # type: ignore[attr-defined]
    context = {
        "partner": partner,
        "form": form,
        "title": title,
        "submit": submit,
        "cancel": back,
        "note": note,
    }
    return render(request, "partners/form.html", context, status=form.status)
