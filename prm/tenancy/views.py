"""The operator's pages: tenants, jobs, health, log."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_tenants.utils import schema_context

from prm.access.decorators import public, requires
from prm.jobs import services as job_services
from prm.jobs.models import Job
from prm.tenancy import exports, health, overview, services
from prm.tenancy.forms import ConfirmForm, EditTenantForm, NewTenantForm, ReasonForm
from prm.tenancy.models import Export, OperatorLogEntry, Tenant
from prm.tenancy.provisioning import create_tenant
from prm.ui.lists import Choice, Create, Empty, Link, ListPage, Number, Text, When
from prm.values.errors import DomainError

OPERATE = "tenancy.operate"
form_page = require_http_methods(["GET", "POST"])


@public
@require_GET
def landing(request: HttpRequest) -> HttpResponse:
    """What this is. Names no tenant, except the demo's own."""
    demo = (
        Tenant.objects.filter(slug__in=("demo", "demo2"), state=Tenant.State.ACTIVE) if settings.DEMO else []
    )
    return render(request, "tenancy/landing.html", {"demo_tenants": demo})


@requires("tenancy.create")
@form_page
def new_tenant(request: Any) -> HttpResponse:
    form = NewTenantForm(request.POST or None, request.FILES or None, actor=request.actor)
    if form.is_valid() and form.run(create_tenant, by=request.actor):
        messages.success(request, _("%(name)s answers at its address.") % {"name": form.result.name})
        return redirect("operator:tenant", slug=form.result.slug)
    context = {"form": form, "public_host": settings.PUBLIC_HOST}
    return render(request, "operator/new_tenant.html", context, status=form.status)


@requires(OPERATE)
@require_GET
def tenant(request: HttpRequest, slug: str) -> HttpResponse:
    found = _tenant(slug)
    overview.describe([found])
    jobs = overview.jobs_of([found], states=("queued", "running", "dead", "done"))
    history = OperatorLogEntry.objects.filter(tenant_slug=slug)[:30]
    kept = Export.objects.filter(tenant_slug=slug)[:10]
    writing = any(job.kind == "tenancy.export" and job.is_open for job in jobs)
    context = {"tenant": found, "jobs": jobs[:10], "history": history, "exports": kept, "writing": writing}
    return render(request, "operator/tenant.html", context)


@requires("tenancy.brand")
@form_page
def edit_tenant(request: Any, slug: str) -> HttpResponse:
    found = _tenant(slug)
    initial = {field: getattr(found, field) for field in ("name", "accent", "language", "time_zone")}
    form = EditTenantForm(
        request.POST or None, request.FILES or None, initial=initial, tenant=found, actor=request.actor
    )
    if form.is_valid() and form.run(services.edit_tenant, tenant=found, by=request.actor):
        messages.success(request, _("Saved. Pages show it from now on."))
        return redirect("operator:tenant", slug=slug)
    context = {"tenant": found, "form": form}
    return render(request, "operator/edit_tenant.html", context, status=form.status)


@requires("tenancy.suspend")
@form_page
def suspend(request: Any, slug: str) -> HttpResponse:
    found = _tenant(slug)
    form = ReasonForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.suspend_tenant, tenant=found, by=request.actor):
        messages.success(request, _("%(name)s is suspended.") % {"name": found.name})
        return redirect("operator:tenant", slug=slug)
    return render(request, "operator/suspend.html", {"tenant": found, "form": form}, status=form.status)


@requires("tenancy.resume")
@require_POST
def resume(request: Any, slug: str) -> HttpResponse:
    found = services.resume_tenant(tenant=_tenant(slug), by=request.actor)
    messages.success(request, _("%(name)s is served again.") % {"name": found.name})
    return redirect("operator:tenant", slug=slug)


@requires("tenancy.export_tenant")
@require_POST
def export(request: Any, slug: str) -> HttpResponse:
    exports.start_export(tenant=_tenant(slug), by=request.actor)
    messages.success(request, _("The export is being written. Its progress stands below."))
    return redirect("operator:tenant", slug=slug)


@requires("tenancy.export_tenant")
@require_GET
def download(request: Any, pk: int) -> Any:
    export = get_object_or_404(Export, pk=pk)
    path = exports.path_of(export)
    if not path.is_file():
        raise Http404
    exports.note_download(export=export, by=request.actor)
    return FileResponse(path.open("rb"), as_attachment=True, filename=export.file_name)


@requires("tenancy.delete")
@form_page
def delete(request: Any, slug: str) -> HttpResponse:
    """Asks twice: the first answer suspends and exports, the second, after the export, deletes."""
    found = _tenant(slug)
    export = services.final_export(found)
    form = ConfirmForm(request.POST or None, slug=slug, actor=request.actor)
    if form.is_valid() and export is None:
        if form.run(exports.begin_farewell, tenant=found, by=request.actor):
            return redirect("operator:delete", slug=slug)
    elif form.is_valid() and form.run(services.delete_tenant, tenant=found, export=export, by=request.actor):
        messages.success(request, _("%(name)s is deleted. Its export is kept.") % {"name": found.name})
        return redirect("operator:exports")
    jobs = overview.jobs_of([found], states=("queued", "running", "dead"))
    running = next((job for job in jobs if job.kind == "tenancy.export"), None) if export is None else None
    context = {"tenant": found, "form": form, "export": export, "job": running}
    return render(request, "operator/delete.html", context, status=form.status)


@requires("jobs.view")
@require_GET
def jobs(request: HttpRequest) -> HttpResponse:
    view = request.GET.get("view", "open")
    states = {"failed": ("dead",), "done": ("done", "cancelled")}.get(view, ("queued", "running"))
    found = overview.jobs_of(Tenant.objects.order_by("slug"), states=states)
    views = [("open", _("Waiting and running")), ("failed", _("Failed")), ("done", _("Done or stopped"))]
    tabs = [{"label": text, "href": f"?view={name}", "current": name == view} for name, text in views]
    return render(request, "operator/jobs.html", {"jobs": found[:200], "tabs": tabs, "view": view})


@requires("jobs.manage")
@require_POST
def act_on_job(request: Any, slug: str, pk: int, verb: str) -> HttpResponse:
    service = {"resume": job_services.retry_job, "stop": job_services.cancel_job}[verb]
    found = _tenant(slug)
    try:
        with schema_context(found.schema_name):
            service(job=get_object_or_404(Job, pk=pk), by=request.actor)
        messages.success(request, _("Done: the job's state follows within seconds."))
    except DomainError as refusal:
        messages.warning(request, refusal.text)
    return redirect(f"{reverse('operator:jobs')}?view={'open' if verb == 'resume' else 'done'}")


@requires(OPERATE)
@require_GET
def health_page(request: HttpRequest) -> HttpResponse:
    return render(request, "operator/health.html", {"parts": health.parts(), "figures": health.figures()})


class Tenants(ListPage):
    """All tenants with what their schemas hold."""

    title = gettext_lazy("Tenants")
    verb = OPERATE
    open_because = "the operator answers for all tenants; no row of a tenant's business is read"
    rows = overview.TenantRows(Tenant)
    columns = [
        Link("name", to=lambda row: reverse("operator:tenant", args=[row.slug]), phone="a"),
        Text("host", label=gettext_lazy("Address"), phone="sub"),
        Choice(
            "state", filter=True, tones={"active": "ok", "suspended": "warn", "filling": "live"}, phone="d"
        ),
        Number("users", label=gettext_lazy("People"), phone=None),
        Text(
            "size",
            label=gettext_lazy("Size"),
            value=lambda row: filesizeformat(row.size),
            phone="b",
            css="ui-num",
        ),
        Number("open_jobs", label=gettext_lazy("Open jobs"), phone=None),
        Number("failed_jobs", label=gettext_lazy("Failed jobs"), phone=None),
        When("created_at", label=gettext_lazy("Since"), phone=None),
    ]
    order = "slug"
    search = ("name", "slug", "contact_email")
    search_label = gettext_lazy("Name, address, contact")
    create = Create(gettext_lazy("Create a tenant"), "operator:new_tenant", "tenancy.create")
    empty = Empty(
        gettext_lazy("No tenant yet"),
        gettext_lazy("A tenant is a vendor with a portal of its own."),
        icon="server",
    )
    exports = False


def _state_of_export(row: Export) -> Any:
    if not exports.path_of(row).is_file():
        return _("The file is gone")
    return _("Downloaded") if row.downloaded_at else _("Not downloaded yet")


class Exports(ListPage):
    """All exports that are kept, those of deleted tenants too."""

    title = gettext_lazy("Exports")
    verb = "tenancy.export_tenant"
    open_because = "the operator's own files; no row of a tenant's business is read"
    rows = Export.objects.all()
    columns = [
        Link(
            "file_name",
            label=gettext_lazy("File"),
            to=lambda row: reverse("operator:download", args=[row.pk]),
        ),
        Text("tenant_slug", label=gettext_lazy("Tenant"), phone="sub"),
        Text(
            "size",
            label=gettext_lazy("Size"),
            value=lambda row: filesizeformat(row.size),
            phone="b",
            css="ui-num",
        ),
        When("made_at", label=gettext_lazy("Written"), phone=None),
        Text("made_by", label=gettext_lazy("Asked for by"), phone=None),
        Choice("state", label=gettext_lazy("State"), value=_state_of_export, phone="d"),
    ]
    order = "-pk"
    search = ("file_name", "tenant_slug", "made_by")
    search_label = gettext_lazy("File, tenant, person")
    empty = Empty(
        gettext_lazy("No export yet"),
        gettext_lazy(
            "An export holds the tenant's schema as SQL and its files. Nothing is deleted without one."
        ),
        icon="database",
    )
    exports = False


class OperatorLog(ListPage):
    """What operators did, newest first; append-only."""

    title = gettext_lazy("Operator log")
    verb = OPERATE
    open_because = "operators' own log; it tells of no tenant's business"
    rows = OperatorLogEntry.objects.all()
    columns = [
        When("at", label=gettext_lazy("Time"), phone="sub"),
        Text("verb", filter=False, phone="a", value=lambda row: row.sentence),
        Text("operator_email", sort=False, phone="b"),
        Text("tenant_slug", phone="d"),
        Text("address", label=gettext_lazy("From"), phone=None),
    ]
    order = "-pk"
    search = ("operator_email", "tenant_slug", "verb")
    search_label = gettext_lazy("Person, tenant, what was done")
    empty = Empty(gettext_lazy("Nothing was done yet"), icon="history")


def _tenant(slug: str) -> Tenant:
    return get_object_or_404(Tenant, slug=slug)
