"""What the rules of agreements and claims say when they say no."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class AgreementNotInState(DomainError):
    code = "agreement_not_in_state"
    message = _("%(number)s is %(state)s. Load the page again.")


class AgreementOfAnother(DomainError):
    code = "agreement_of_another"
    message = _("This number names an agreement already. Choose another number, or make a new version of it.")
    field = "number"


class NumberNotPossible(DomainError):
    code = "agreement_number_not_possible"
    message = _("Use letters, digits and - . _ only, and begin with a letter or a digit.")
    field = "number"


class AgreementWithoutProducts(DomainError):
    code = "agreement_without_products"
    message = _("The agreement has no product yet. Add at least one.")


class AnotherPersonApproves(DomainError):
    code = "another_person_approves"
    message = _("%(person)s entered this; somebody else approves it.")


class PriceNotBelowBasis(DomainError):
    code = "price_not_below_basis"
    message = _("%(product)s: the agreed price is not below its basis of %(basis)s.")
    field = "agreed_price"


class BasisMissing(DomainError):
    code = "basis_missing"
    message = _("Write the price that the agreed one is compared with.")
    field = "basis_price"


class ListPriceInOtherCurrency(DomainError):
    code = "list_price_in_other_currency"
    message = _(
        "%(product)s has its list price in %(currency)s. State the basis price in the agreement's currency."
    )
    field = "basis"


class ProductTwice(DomainError):
    code = "product_twice"
    message = _("This product is in the agreement already.")
    field = "product"


class DaysWrong(DomainError):
    code = "days_wrong"
    message = _("The last day is before the first. Choose a later one.")
    field = "last_day"


class DayNotPossible(DomainError):
    code = "day_not_possible"
    message = _("Choose a day from %(first)s to %(last)s.")


class NothingToClaim(DomainError):
    code = "nothing_to_claim"
    message = _("Nothing that was reported under %(number)s in these days is open. Report the sales first.")


class NoStockReported(DomainError):
    code = "no_stock_reported"
    message = _(
        "No stock of %(product)s is reported for %(day)s, or it is claimed already. Report the stock first."
    )


class ClaimNotInState(DomainError):
    code = "claim_not_in_state"
    message = _("%(number)s is %(state)s. Load the page again.")


class ReturnsOfPaidSales(DomainError):
    code = "claim_of_returns_of_paid_sales"
    message = _("It takes back sales that were paid for: only our own staff can withdraw it.")


class LineNotOpen(DomainError):
    code = "claim_line_not_open"
    message = _("Nobody has to decide about this line: it is %(state)s.")


class SaleUndecided(DomainError):
    code = "claim_sale_undecided"
    message = _("Decide about the sale that it takes back: the return is decided with it.")


class LimitUsedSince(DomainError):
    code = "claim_limit_used_since"
    message = _(
        "Other claims used what came back by this claim, up to a limit of %(number)s. It can only be approved."
    )


class LinesUndecided(DomainError):
    code = "claim_lines_undecided"
    message = _("A person decides first about what the check left open. Lines: %(count)s.")


class AnotherPersonDecides(DomainError):
    code = "another_person_decides"
    message = _("%(person)s submitted this claim; somebody else decides about it.")


class AnotherPersonPays(DomainError):
    code = "another_person_pays"
    message = _("%(person)s approved this claim; somebody else pays it.")


class NothingOpen(DomainError):
    code = "claim_nothing_open"
    message = _("Nothing of %(number)s is open.")


class MoreThanClaimed(DomainError):
    code = "more_than_claimed"
    message = _("At most %(open)s is open.")
    field = "amount"


class PartnerOnHold(DomainError):
    code = "claim_partner_on_hold"
    message = _("%(partner)s is %(state)s. Nothing is paid until that ends.")


class PaidOnWrongDay(DomainError):
    code = "claim_paid_on_wrong_day"
    message = _("Choose a day from the approval, %(first)s, until today.")
    field = "paid_on"


class DropNotInState(DomainError):
    code = "drop_not_in_state"
    message = _("%(number)s is %(state)s. Load the page again.")


class PriceDoesNotDrop(DomainError):
    code = "price_does_not_drop"
    message = _("The new price is not below the old one.")
    field = "new_price"


class DropOnFile(DomainError):
    code = "drop_on_file"
    message = _("A price drop of this product on this day is on file.")
    field = "day"


class NothingAccepted(DomainError):
    code = "nothing_accepted"
    message = _("No line is accepted. Reject the claim instead.")
