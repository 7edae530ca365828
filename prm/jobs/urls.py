from django.urls import path

from prm.jobs import views
from prm.jobs.lists import JobList

app_name = "jobs"
urlpatterns = [
    path("jobs/", JobList.as_view(), name="list"),
    path("jobs/<int:pk>/", views.detail, name="detail"),
    path("jobs/<int:pk>/cancel/", views.cancel, name="cancel"),
    path("jobs/<int:pk>/retry/", views.retry, name="retry"),
]
