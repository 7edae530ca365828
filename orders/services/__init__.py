"""The verbs of orders, by noun: carts, orders, goods, invoices, price lists."""

from orders.services.cart import empty_cart, put_in_cart, set_cart_quantity
from orders.services.completing import complete_order
from orders.services.credits import correct_credit, record_credit, take_back_credit
from orders.services.decisions import approve_order, cancel_order, confirm_order, reject_order
from orders.services.goods import mark_delivered, ship_order
from orders.services.invoices import credit_invoice, invoice_order, mark_paid
from orders.services.ordering import change_order, order_at_once, place_order, reorder, submit_order
from orders.services.price_lists import create_price_list, set_prices
from orders.services.returns import resubmit_order, return_order

__all__ = [
    "approve_order", "cancel_order", "change_order", "complete_order", "confirm_order", "correct_credit",
    "create_price_list", "credit_invoice", "empty_cart", "invoice_order", "mark_delivered", "mark_paid",
    "order_at_once", "place_order", "put_in_cart", "record_credit", "reject_order", "reorder", "resubmit_order",
    "return_order", "set_cart_quantity", "set_prices", "ship_order", "submit_order", "take_back_credit",
]  # fmt: skip
