"""The modules of a tenant: which parts of the product are on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prm.access.decorators import requires
from prm.modules import registry
from prm.tenancy.forms import SwitchOffForm
from prm.tenancy.module_switch import since_when, switch_module
from prm.ui import refusals


@requires("tenancy.modules")
@require_GET
def modules_page(request: Any) -> HttpResponse:
    """Which parts of the product do we use?"""
    rows = [
        {
            "module": module,
            "is_on": registry.is_on(module.code),
            "since": since_when(module.code),
            "needs": [registry.module_of(code).label for code in module.needs],
            "needed_by": [one.label for one in registry.needed_by(module.code) if registry.is_on(one.code)],
            "misses": [registry.module_of(code).label for code in module.needs if not registry.is_on(code)],
        }
        for module in registry.modules()
    ]
    return render(request, "tenancy/modules.html", {"rows": rows})


@requires("tenancy.modules")
@require_http_methods(["GET", "POST"])
def switch_off(request: Any, code: str) -> HttpResponse:
    """What goes with it, before it is switched off."""
    module = _module(code)
    form = SwitchOffForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid() and form.run(
        switch_module, tenant=request.tenant, code=code, on=False, by=request.actor
    ):
        messages.success(request, _("%(name)s is switched off.") % {"name": module.label})
        return redirect("tenancy:modules")
    context = {"module": module, "form": form, "open_work": list(module.open_work())}
    return render(request, "tenancy/module_off.html", context, status=form.status)


@requires("tenancy.modules")
@require_POST
def switch_on(request: Any, code: str) -> HttpResponse:
    module = _module(code)
    with refusals.told(request):
        switch_module(tenant=request.tenant, code=code, on=True, by=request.actor)
        messages.success(request, _("%(name)s is switched on.") % {"name": module.label})
    return redirect("tenancy:modules")


def _module(code: str) -> registry.Module:
    try:
        return registry.module_of(code)
    except KeyError:
        raise Http404 from None
