from django.urls import path

from orders import credit_views, document_views, shop_views, views
from orders.credit_lists import CreditList
from orders.fact_lists import PaymentList, SerialList
from orders.lists import InvoiceList, OrderList, SalesList

app_name = "orders"
urlpatterns = [
    path("catalogue/", shop_views.catalogue, name="catalogue"),
    path("cart/", shop_views.cart, name="cart"),
    path("cart/put/", shop_views.put, name="put"),
    path("cart/change/", shop_views.change, name="change"),
    path("orders/", OrderList.as_view(), name="list"),
    path("orders/new/", shop_views.new, name="new"),
    path("orders/<str:number>/", views.detail, name="detail"),
    path("orders/<str:number>/edit/", shop_views.edit, name="edit"),
    path("orders/<str:number>/submit/", views.submit, name="submit"),
    path("orders/<str:number>/approve/", views.approve, name="approve"),
    path("orders/<str:number>/reject/", views.reject, name="reject"),
    path("orders/<str:number>/return/", views.send_back, name="send_back"),
    path("orders/<str:number>/confirm/", views.confirm, name="confirm"),
    path("orders/<str:number>/cancel/", views.cancel, name="cancel"),
    path("orders/<str:number>/ship/", views.ship, name="ship"),
    path("orders/<str:number>/delivered/", views.delivered, name="delivered"),
    path("orders/<str:number>/invoice/", views.invoice_order, name="invoice_order"),
    path("orders/<str:number>/reorder/", views.reorder, name="reorder"),
    path("invoices/", InvoiceList.as_view(), name="invoices"),
    path("invoices/<str:number>/", document_views.invoice, name="invoice"),
    path("invoices/<str:number>/credit/", document_views.credit, name="credit"),
    path("invoices/<str:number>/paid/", document_views.paid, name="paid"),
    path("sales/", SalesList.as_view(), name="sales"),
    path("payments-received/", PaymentList.as_view(), name="payments"),
    path("serial-numbers/", SerialList.as_view(), name="serials"),
    path("credits/", CreditList.as_view(), name="credits"),
    path("credits/new/", credit_views.new, name="new_credit"),
    path("credits/lines/", credit_views.pick_line, name="pick_line"),
    path("credits/<int:pk>/", credit_views.detail, name="credit_row"),
    path("credits/<int:pk>/correct/", credit_views.correct, name="correct_credit"),
    path("credits/<int:pk>/take-back/", credit_views.take_back, name="take_back_credit"),
    path("prices/", document_views.price_lists, name="price_lists"),
    path("prices/new/", document_views.new_price_list, name="new_price_list"),
    path("prices/<int:pk>/", document_views.prices, name="prices"),
]
