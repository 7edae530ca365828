from django.urls import path

from dealreg import check_views, views
from dealreg.lists import RegistrationList

app_name = "dealreg"
urlpatterns = [
    path("check/", check_views.check, name="check"),
    path("check/<str:token>/", check_views.answer, name="answer_of_check"),
    path("deals/", RegistrationList.as_view(), name="list"),
    path("deals/new/", views.new, name="new"),
    path("deals/draft/", views.draft, name="draft"),
    path("deals/verdict/", check_views.verdict, name="verdict"),
    path("deals/<str:number>/", views.detail, name="detail"),
    path("deals/<str:number>/registration.pdf", views.pdf, name="pdf"),
    path("deals/<str:number>/edit/", views.edit, name="edit"),
    path("deals/<str:number>/approve/", views.approve, name="approve"),
    path("deals/<str:number>/reject/", views.reject, name="reject"),
    path("deals/<str:number>/ask/", views.ask, name="ask"),
    path("deals/<str:number>/answer/", views.answer, name="answer"),
    path("deals/<str:number>/won/", views.won, name="won"),
    path("deals/<str:number>/lost/", views.lost, name="lost"),
    path("deals/<str:number>/withdraw/", views.withdraw, name="withdraw"),
]
