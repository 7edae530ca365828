"""A tenant's look: its settings page, its style sheet and its logo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from prm.access.decorators import public, requires
from prm.tenancy import brand, colours
from prm.tenancy.forms import BrandForm

YEAR = "public, max-age=31536000, immutable"
# Slate: nobody takes the operator's pages for a tenant's.
OPERATOR_ACCENT = "#475569"
FIELDS = ("name", "accent", "language", "currency", "time_zone")


@requires("tenancy.brand")
@require_http_methods(["GET", "POST"])
def settings_page(request: Any) -> HttpResponse:
    tenant = request.tenant
    form = BrandForm(
        request.POST or None,
        request.FILES or None,
        initial={field: getattr(tenant, field) for field in FIELDS},
        actor=request.actor,
        tenant=tenant,
        currency_fixed=brand.currency_is_used(),
    )
    if form.is_valid() and form.run(brand.set_brand, tenant=tenant, by=request.actor):
        messages.success(request, _("Saved. Pages show it from now on."))
        return redirect("tenancy:brand")
    return render(request, "tenancy/brand.html", {"form": form, "tenant": tenant}, status=form.status)


@public
@require_GET
def brand_css(request: Any) -> HttpResponse:
    """The tenant's colours; the address carries the brand's version, so it may be kept for a year."""
    return _style(request, colours.as_css(request.tenant.accent))


@public
@require_GET
def operator_css(request: HttpRequest) -> HttpResponse:
    return _style(request, colours.as_css(OPERATOR_ACCENT))


@public
@require_GET
def logo(request: Any) -> Any:
    """The tenant's logo, out of the tenant's own storage."""
    name = request.tenant.logo
    if not name or not default_storage.exists(name):
        raise Http404
    answer = FileResponse(default_storage.open(name), content_type="image/png")
    answer["Cache-Control"] = YEAR if "v" in request.GET else "no-cache"
    return answer


def _style(request: HttpRequest, text: str) -> HttpResponse:
    answer = HttpResponse(text, content_type="text/css; charset=utf-8")
    answer["Cache-Control"] = YEAR if "v" in request.GET else "no-cache"
    return answer
