"""Addresses of a tenant's site."""

from importlib.util import find_spec

from django.urls import include, path

from prm.modules.urls import module_urls
from prm.ui.home import home

# In the order in which a person meets them. Each app keeps its own addresses; those of a module are gone while it
# is off.
_APPS = [
    "prm.ui",
    "prm.tenancy.tenant_urls",
    "prm.configuration",
    "prm.accounts",
    "prm.accounts.support",
    "prm.notices",
    "prm.automations",
    "prm.approvals",
    "prm.search",
    "prm.jobs",
    "prm.sealing",
    "prm.audit",
    "prm.conditions",
    "prm.outbox",
    "prm.egress",
    "prm.customfields",
    "prm.catalogue",
    "prm.customers",
    "prm.approvals.design_urls",
    "prm.spreadsheets",
    "prm.exchange",
    "partners",
    "dealreg",
    "orders",
    "rebates",
    "payouts",
    "claims",
]


def _module(app: str) -> str:
    return app if app.endswith("urls") else f"{app}.urls"


def _addresses(app: str):
    return path("", include(_module(app))) if app.startswith("prm.") else module_urls(app, _module(app))


urlpatterns = [
    path("", home, name="home"),
    *[_addresses(app) for app in _APPS if find_spec(_module(app))],
]
handler403 = "prm.ui.errors.forbidden"
handler404 = "prm.ui.errors.not_found"
handler500 = "prm.ui.errors.server_error"
