from django.urls import path

from prm.customers import views
from prm.customers.lists import CustomerList

app_name = "customers"
urlpatterns = [
    path("customers/", CustomerList.as_view(), name="list"),
    path("customers/new/", views.create, name="create"),
    path("customers/<str:number>/", views.detail, name="detail"),
    path("customers/<str:number>/edit/", views.edit, name="edit"),
    path("customers/<str:number>/confirm/", views.confirm, name="confirm"),
    path("customers/<str:number>/merge/", views.merge, name="merge"),
]
