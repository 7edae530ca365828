"""Addresses of the public site: the installation's front page and the operator's pages."""

from django.urls import include, path

from prm.tenancy import brand_views, views

_operator = [
    path("tenants/", views.Tenants.as_view(), name="tenants"),
    path("tenants/new/", views.new_tenant, name="new_tenant"),
    path("tenants/<slug:slug>/", views.tenant, name="tenant"),
    path("tenants/<slug:slug>/edit/", views.edit_tenant, name="edit"),
    path("tenants/<slug:slug>/suspend/", views.suspend, name="suspend"),
    path("tenants/<slug:slug>/resume/", views.resume, name="resume"),
    path("tenants/<slug:slug>/export/", views.export, name="export"),
    path("tenants/<slug:slug>/delete/", views.delete, name="delete"),
    path("exports/", views.Exports.as_view(), name="exports"),
    path("exports/<int:pk>/", views.download, name="download"),
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/<slug:slug>/<int:pk>/resume/", views.act_on_job, {"verb": "resume"}, name="resume_job"),
    path("jobs/<slug:slug>/<int:pk>/stop/", views.act_on_job, {"verb": "stop"}, name="stop_job"),
    path("health/", views.health_page, name="health"),
    path("log/", views.OperatorLog.as_view(), name="log"),
]
urlpatterns = [
    path("brand.css", brand_views.operator_css, name="brand_css"),
    path("", views.landing, name="landing"),
    path("operator/", include((_operator, "operator"))),
]
