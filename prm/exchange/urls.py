from django.urls import path

from prm.exchange import views
from prm.exchange.lists import RateList

app_name = "exchange"
urlpatterns = [
    path("exchange-rates/", RateList.as_view(), name="rates"),
    path("exchange-rates/new/", views.new, name="new"),
    path("exchange-rates/settings/", views.configure, name="settings"),
    path("exchange-rates/<int:pk>/", views.batch, name="batch"),
    path("exchange-rates/<int:pk>/confirm/", views.confirm, name="confirm"),
    path("exchange-rates/<int:pk>/reject/", views.reject, name="reject"),
]
