from django.urls import path

from prm.catalogue import views
from prm.catalogue.lists import ProductLineList, ProductList

app_name = "catalogue"
urlpatterns = [
    path("products/", ProductList.as_view(), name="products"),
    path("products/pick/", views.pick, name="pick"),
    path("products/new/", views.product_new, name="product_new"),
    path("products/<int:pk>/", views.product, name="product"),
    path("product-lines/", ProductLineList.as_view(), name="lines"),
    path("product-lines/new/", views.line_new, name="line_new"),
    path("product-lines/<int:pk>/", views.line, name="line"),
]
