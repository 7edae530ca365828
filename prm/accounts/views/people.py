"""The administrator's pages of one person, and inviting somebody."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from prm.access.decorators import requires
from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role
from prm.accounts import companies
from prm.accounts.models import User
from prm.accounts.reads import person as find_person
from prm.accounts.reads import same_house
from prm.accounts.role_forms import role_choices, role_of, role_value
from prm.accounts.services import (
    add_to_company,
    change_role,
    deactivate_user,
    invite,
    reactivate_user,
    reset_second_factor,
    set_manager,
)
from prm.accounts.services.people import open_work_of
from prm.accounts.services.sessions import sessions_of
from prm.audit.history import history_of
from prm.ui.forms import ServiceForm, VisibleChoice
from prm.ui.parts import Fact

INVITED_IN = [("", _("As my language")), ("en", "English"), ("zh-hans", "中文")]


class InviteForm(ServiceForm):
    email = forms.EmailField(label=_("E-mail"))
    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=120)
    role = forms.ChoiceField(label=_("Role"))
    partner = forms.TypedChoiceField(
        label=_("Partner"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("For partner roles only."),
    )
    language = forms.ChoiceField(label=_("Language of the letter"), choices=INVITED_IN, required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        offered = companies.choices(self.actor) if self.actor else []
        self.fields["partner"].choices = [("", _("None")), *offered]  # type: ignore[attr-defined]
        self.fields["role"].choices = role_choices(Role)  # type: ignore[attr-defined]

    def fields_for_service(self) -> dict[str, Any]:
        return {**self.cleaned_data, **role_of(self.cleaned_data["role"])}


@requires("accounts.manage")
def invite_person(request: HttpRequest) -> HttpResponse:
    initial = {"role": request.GET.get("role", ""), "partner": request.GET.get("partner", "")}
    form = InviteForm(request.POST or None, initial=initial, actor=request.actor)
    if form.is_valid() and form.run(invite, by=request.actor):
        messages.success(
            request, gettext("The invitation to %(email)s is on its way.") % {"email": form.result.email}
        )
        return redirect("accounts:invitations")
    return render(request, "accounts/invite.html", {"form": form}, status=form.status)


class RoleForm(ServiceForm):
    """The roles of the person's own side: staff stay staff."""

    role = forms.ChoiceField(label=_("Role"))
    all_partners = forms.BooleanField(
        label=_("Sees all partners"),
        required=False,
        help_text=_("Other channel managers see those assigned to them."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any):
        super().__init__(*args, **kwargs)
        side = PARTNER_ROLES if user.is_partner_user else STAFF_ROLES
        self.fields["role"].choices = role_choices(side)  # type: ignore[attr-defined]
        if user.is_partner_user:
            del self.fields["all_partners"]

    def fields_for_service(self) -> dict[str, Any]:
        return {**self.cleaned_data, **role_of(self.cleaned_data["role"])}


class ManagerForm(ServiceForm):
    manager = VisibleChoice(
        User,
        label=_("Reports to"),
        required=False,
        empty_label=_("Nobody"),
        narrow=lambda rows: rows.filter(is_active=True).order_by("name"),
        help_text=_("Approval flows can go to a person's manager and further up."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["manager"]
        field.queryset = field.queryset.filter(pk__in=same_house(user).values("pk"))


@requires("accounts.view")
@require_GET
def person(request: HttpRequest, pk: int) -> HttpResponse:
    return _person_page(request, find_person(pk))


@requires("accounts.manage")
@require_POST
def change_person_role(request: HttpRequest, pk: int) -> HttpResponse:
    user = find_person(pk)
    form = RoleForm(request.POST, user=user, actor=request.actor)
    if form.is_valid() and form.run(change_role, user=user, by=request.actor):
        messages.success(request, gettext("The role is changed."))
        return redirect(user)
    return _person_page(request, user, form)


@requires("accounts.manage")
@require_POST
def change_person_manager(request: HttpRequest, pk: int) -> HttpResponse:
    user = find_person(pk)
    form = ManagerForm(request.POST, user=user, actor=request.actor)
    if form.is_valid() and form.run(set_manager, user=user, by=request.actor):
        messages.success(request, gettext("Saved."))
        return redirect(user)
    return _person_page(request, user, manager_form=form)


class CompanyForm(ServiceForm):
    partner = forms.TypedChoiceField(label=_("Partner"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        offered = companies.choices(self.actor) if self.actor else []
        self.fields["partner"].choices = [("", _("Choose")), *offered]  # type: ignore[attr-defined]


@requires("accounts.manage")
@require_POST
def add_person_to_company(request: HttpRequest, pk: int) -> HttpResponse:
    user = find_person(pk)
    form = CompanyForm(request.POST, actor=request.actor)
    if form.is_valid() and form.run(add_to_company, user=user, by=request.actor):
        company = companies.name_of(form.cleaned_data["partner"])
        words = {"name": user.name, "company": company}
        messages.success(request, gettext("%(name)s belongs to %(company)s and may sign in.") % words)
        return redirect(user)
    return _person_page(request, user, company_form=form)


class DeactivateForm(ServiceForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


@requires("accounts.manage")
def deactivate_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Says what will happen and what work is left lying, then does it."""
    user = find_person(pk)
    form = DeactivateForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid() and form.run(deactivate_user, user=user, by=request.actor):
        messages.success(request, gettext("%(name)s is signed out everywhere.") % {"name": user.name})
        return redirect(user)
    context = {
        "person": user,
        "form": form,
        "work": open_work_of(user)[:20],
        "sessions": len(sessions_of(user)),
    }
    return render(request, "accounts/deactivate.html", context, status=form.status)


@requires("accounts.manage")
@require_POST
def reactivate_person(request: HttpRequest, pk: int) -> HttpResponse:
    user = find_person(pk)
    reactivate_user(user=user, by=request.actor)
    messages.success(request, gettext("%(name)s may sign in again.") % {"name": user.name})
    return redirect(user)


@requires("accounts.manage")
@require_POST
def reset_person_factor(request: HttpRequest, pk: int) -> HttpResponse:
    user = find_person(pk)
    reset_second_factor(user=user, by=request.actor)
    messages.success(
        request, gettext("The second factor is taken away, and %(name)s is signed out.") % {"name": user.name}
    )
    return redirect(user)


def _person_page(
    request: HttpRequest,
    user: User,
    form: RoleForm | None = None,
    manager_form: ManagerForm | None = None,
    company_form: CompanyForm | None = None,
) -> HttpResponse:
    initial = {"role": role_value(user), "all_partners": user.all_partners}
    form = form or RoleForm(initial=initial, user=user, actor=request.actor)
    company = companies.names_of([user.pk]).get(user.pk, "")
    left = user.is_partner_user and not company
    context = {
        "person": user,
        "left": left,
        "company_form": (company_form or CompanyForm(actor=request.actor)) if left else None,
        "form": form,
        "manager_form": manager_form or _manager_form(request, user),
        "facts": _facts(user, company),
        "happenings": history_of(user, request.actor),
        "may_manage": "accounts.manage" in request.actor.permissions and user.pk != request.actor.user_id,
    }
    status = max(form.status, context["manager_form"].status, company_form.status if company_form else 200)
    return render(request, "accounts/person.html", context, status=status)


def _manager_form(request: HttpRequest, user: User) -> ManagerForm:
    return ManagerForm(initial={"manager": user.manager_id}, user=user, actor=request.actor)


def _facts(user: User, company: str) -> list[Fact]:
    return [
        Fact(_("E-mail"), user.email),
        Fact(_("Partner"), company),
        Fact(_("Job title"), user.title),
        Fact(_("Reports to"), user.manager or ""),
        Fact(_("Telephone"), user.phone),
        Fact(_("Second factor"), _("On") if getattr(user, "second_factor", False) else _("Off")),
        Fact(_("Signed in on"), len(sessions_of(user))),
    ]
