"""Addresses of the public site: the operator's pages."""

from django.urls import include, path

_MODULES = ("prm.ui.urls", "prm.accounts.operators.urls", "prm.tenancy.urls")
urlpatterns = [path("", include(module)) for module in _MODULES]
handler403 = "prm.ui.errors.forbidden"
handler404 = "prm.ui.errors.not_found"
handler500 = "prm.ui.errors.server_error"
