"""Addresses on the public site."""

from django.urls import path

from prm.accounts.operators import views

urlpatterns = [
    path("operator/", views.sign_in, name="operator_sign_in"),
    path("operator/demo/", views.demo_sign_in, name="operator_demo_sign_in"),
    path("operator/sign-out/", views.sign_out, name="sign_out"),
    path("operator/tenants/<slug:slug>/act/", views.act, name="operator_act"),
    path("operator/tenants/<slug:slug>/act/<int:pk>/begin/", views.begin, name="operator_begin"),
    path("operator/tenants/<slug:slug>/act/<int:pk>/end/", views.end, name="operator_end"),
]
