"""What the rules of orders, shipments and invoices say no to."""

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class WrongState(DomainError):
    code = "wrong_order_state"
    message = _("The order is “%(state)s”: this is not possible any more, or not yet. Nothing was changed.")


class AlreadyDecided(WrongState):
    code = "order_already_decided"
    message = _("%(who)s has already decided this order: “%(state)s”. Nothing was changed.")


class NothingOrdered(DomainError):
    code = "nothing_ordered"
    message = _("There is nothing to order yet. Enter a quantity for at least one product.")


class AskForSomething(DomainError):
    code = "ask_for_something"
    message = _("Say what has to change. The partner reads it.")
    field = "text"


class NothingChanged(DomainError):
    code = "nothing_changed"
    message = _("Nothing is changed yet. Change what was asked for, or write an answer.")
    field = "text"


class TooManyLines(DomainError):
    code = "too_many_lines"
    message = _("An order takes at most %(limit)s lines. Split it into two orders.")


class BadQuantity(DomainError):
    code = "bad_quantity"
    field = "quantity"
    message = _("Enter a quantity above zero, with at most three decimals.")


class NotForSale(DomainError):
    code = "not_for_sale"
    field = "product"
    message = _("%(product)s is no longer sold. Take it out of the order.")


class ProductTwice(DomainError):
    code = "product_twice"
    message = _("%(product)s stands in the order twice. Add the quantities up in one line.")


class SeveralCurrencies(DomainError):
    code = "several_currencies"
    message = _("These products are priced in %(currencies)s. Order them apart, one order for each currency.")


class PartnerMayNotOrder(DomainError):
    code = "partner_may_not_order"
    message = _("%(partner)s cannot order at present: the company is not active. Ask your channel manager.")


class DealNotWon(DomainError):
    code = "deal_not_won"
    field = "registration"
    message = _("Only a won deal can be ordered from. %(number)s is “%(state)s”.")


class DealOfAnotherPartner(DomainError):
    code = "deal_of_another_partner"
    field = "registration"
    message = _("Choose one of your own won deals.")


class ReasonMissing(DomainError):
    code = "reason_missing"
    field = "reason"
    message = _("Say why: the partner reads the reason.")


class NothingToShip(DomainError):
    code = "nothing_to_ship"
    message = _("Enter how much leaves of at least one line.")


class MoreThanOrdered(DomainError):
    code = "more_than_ordered"
    message = _("Line %(position)s: only %(open)s of %(ordered)s are still to be shipped.")


class NothingToInvoice(DomainError):
    code = "nothing_to_invoice"
    message = _("Enter how much of at least one line is invoiced.")


class MoreThanShipped(DomainError):
    code = "more_than_shipped"
    message = _("Line %(position)s: only %(open)s are shipped and not yet invoiced.")


class MoreThanInvoiced(DomainError):
    code = "more_than_invoiced"
    message = _("Line %(position)s: only %(open)s are left to credit.")


class NothingToCredit(DomainError):
    code = "nothing_to_credit"
    message = _("Enter how much of at least one line is credited.")


class NotAnInvoice(DomainError):
    code = "not_an_invoice"
    message = _("%(number)s is a credit note. Choose the invoice itself.")


class AlreadyPaid(DomainError):
    code = "already_paid"
    message = _("%(number)s is marked as paid since %(day)s.")


class PaidTooEarly(DomainError):
    code = "paid_too_early"
    field = "paid_on"
    message = _("The payment cannot be before the invoice (%(issued)s) or after today.")


class DateInFuture(DomainError):
    code = "date_in_future"
    message = _("This day is still to come. Choose today or an earlier day.")


class WantedInThePast(DomainError):
    code = "wanted_in_the_past"
    message = _("This day is over. Choose today or a later day, or leave it empty.")
    field = "wanted_on"


class DateBefore(DomainError):
    code = "date_before"
    message = _("This day is before %(earlier)s. Choose that day or a later one.")


class UnknownLine(DomainError):
    code = "unknown_line"
    message = _("A line that is not of this document was named. Load the page again.")


class PriceBelowZero(DomainError):
    code = "price_below_zero"
    message = _("%(product)s: the price is below zero. Enter zero or more.")


class PriceListExists(DomainError):
    code = "price_list_exists"
    field = "tier"
    message = _("There is a price list for this tier already.")


class UnknownCurrency(DomainError):
    code = "unknown_currency"
    field = "currency"
    message = _("“%(currency)s” is not an ISO currency code such as CNY.")


class TooLateToCancel(DomainError):
    code = "too_late_to_cancel"
    message = _("The order is “%(state)s” already. Ask your channel manager to cancel it.")
