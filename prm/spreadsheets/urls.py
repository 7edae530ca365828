from django.urls import path

from prm.spreadsheets import views
from prm.spreadsheets.lists import ImportList

app_name = "spreadsheets"
urlpatterns = [
    path("imports/", ImportList.as_view(), name="list"),
    path("imports/new/", views.new, name="new"),
    path("imports/<str:number>/", views.detail, name="import"),
    path("imports/<str:number>/progress/", views.progress, name="progress"),
    path("imports/<str:number>/correct/", views.correct, name="correct"),
    path("imports/<str:number>/write/", views.write, name="write"),
    path("imports/<str:number>/discard/", views.discard, name="discard"),
    path("imports/<str:number>/errors.<str:form>", views.errors, name="errors"),
]
