"""Addresses on a tenant's site."""

from django.urls import include, path

from prm.tenancy import brand_views

_own = [path("settings/brand/", brand_views.settings_page, name="brand")]
urlpatterns = [
    path("brand.css", brand_views.brand_css, name="brand_css"),
    path("brand/logo", brand_views.logo, name="brand_logo"),
    path("", include((_own, "tenancy"))),
]
