"""Addresses on a tenant's site."""

from django.urls import path

from prm.accounts.support import views

urlpatterns = [
    path("settings/support/", views.settings_page, name="support"),
    path("settings/support/<int:pk>/decide/", views.decide, name="support_decide"),
    path("settings/support/<int:pk>/end/", views.end, name="support_end"),
    path("support/enter/", views.enter, name="support_enter"),
    path("support/end/", views.stop, name="operator_stop"),
    path("support/over/", views.over, name="support_over"),
]
