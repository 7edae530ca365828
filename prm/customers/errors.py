"""What the customer master refuses, in words for the person who typed it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class NameMissing(DomainError):
    code = "customer_name_missing"
    message = _("Write the name of the end customer.")
    field = "name"


class NameTooLong(DomainError):
    code = "customer_name_too_long"
    message = _("The name is longer than %(most)s characters. Write it as on the business licence.")
    field = "name"


class TaxNumberInvalid(DomainError):
    code = "tax_number_invalid"
    message = _(
        "The tax number %(tax_number)s is not right: its check digit does not fit. Compare it with the licence."
    )
    field = "tax_number"


class TaxNumberUnreadable(DomainError):
    code = "tax_number_unreadable"
    message = _("A tax number has 5 to 20 letters and digits; %(tax_number)s does not.")
    field = "tax_number"


class TaxNumberTaken(DomainError):
    code = "tax_number_taken"
    message = _("This tax number belongs to another customer on file.")
    field = "tax_number"


class DomainInvalid(DomainError):
    code = "web_domain_invalid"
    message = _("%(domain)s is not a web domain. Write it like example.com.")
    field = "domain"


class NumberTaken(DomainError):
    code = "customer_number_taken"
    message = _("The number %(number)s belongs to another customer.")
    field = "number"


class AlreadyMerged(DomainError):
    code = "customer_already_merged"
    message = _("This customer was merged into %(number)s. Open that one.")


class MergeIntoItself(DomainError):
    code = "customer_merge_into_itself"
    message = _("A customer cannot be merged into itself. Choose another one.")
    field = "into"


class TaxNumbersDiffer(DomainError):
    code = "customer_tax_numbers_differ"
    message = _("The two customers have different tax numbers, so they are two companies.")
    field = "into"


class CustomerUnknown(DomainError):
    code = "customer_unknown"
    message = _("There is no customer with the number %(number)s.")
    field = "into"
