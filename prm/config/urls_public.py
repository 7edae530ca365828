"""Addresses of the public site: the operator's pages."""

from importlib.util import find_spec

from django.urls import include, path

urlpatterns = [path("", include(module)) for module in ("prm.ui.urls", "prm.tenancy.urls") if find_spec(module)]
handler403 = "prm.ui.errors.forbidden"
handler404 = "prm.ui.errors.not_found"
handler500 = "prm.ui.errors.server_error"
