from django.urls import path

from prm.sealing import views

app_name = "sealing"
urlpatterns = [
    path("settings/audit/seal/", views.seal, name="seal"),
    path("settings/audit/seal/verify/", views.verify, name="verify"),
]
