from django.urls import path

from prm.audit import views
from prm.audit.lists import AuditList

app_name = "audit"
urlpatterns = [
    path("settings/audit/", AuditList.as_view(), name="list"),
    path("settings/audit/<int:pk>/", views.entry, name="entry"),
]
