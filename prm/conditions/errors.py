"""What can go wrong with saved views."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class Unsound(DomainError):
    code = "unsound_condition"
    message = _("The condition is not complete. %(problem)s")
    field = "condition"


class NameTaken(DomainError):
    code = "name_taken"
    message = _("There is a view “%(name)s” already. Choose another name.")
    field = "name"


class NameMissing(DomainError):
    code = "name_missing"
    message = _("Give the view a name of at most 60 characters.")
    field = "name"


class TooManyViews(DomainError):
    code = "too_many_views"
    message = _("You have %(most)s views of this list. Delete one first.")
