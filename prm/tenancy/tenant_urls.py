"""Addresses on a tenant's site."""

from django.urls import include, path

from prm.tenancy import brand_views, module_views

_own = [
    path("settings/brand/", brand_views.settings_page, name="brand"),
    path("settings/modules/", module_views.modules_page, name="modules"),
    path("settings/modules/<slug:code>/off/", module_views.switch_off, name="module_off"),
    path("settings/modules/<slug:code>/on/", module_views.switch_on, name="module_on"),
]
urlpatterns = [
    path("brand.css", brand_views.brand_css, name="brand_css"),
    path("brand/logo", brand_views.logo, name="brand_logo"),
    path("", include((_own, "tenancy"))),
]
