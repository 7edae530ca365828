from django.urls import path

from prm.configuration import views

app_name = "configuration"
urlpatterns = [
    path("settings/configuration/", views.page, name="page"),
    path("settings/configuration/export/", views.export, name="export"),
    path("settings/configuration/apply/", views.apply, name="apply"),
]
