"""Addresses of the frame itself; both sites include them at the root."""

from django.urls import path

from prm.ui import views

app_name = "ui"
urlpatterns = [
    path("i18n/", views.language, name="language"),
    path("ui.js", views.ui_script, name="script"),
    path("menu/", views.menu, name="menu"),
    path("shortcuts/", views.shortcuts, name="shortcuts"),
]
