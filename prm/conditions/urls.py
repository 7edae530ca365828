from django.urls import path

from prm.conditions import views

app_name = "conditions"
urlpatterns = [
    path("conditions/<slug:code>/builder/", views.builder, name="builder"),
    path("conditions/<slug:code>/options/", views.options, name="options"),
    path("conditions/<slug:code>/refine/", views.refine, name="refine"),
]
