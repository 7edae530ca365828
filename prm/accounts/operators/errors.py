from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class SignInRefused(DomainError):
    code = "sign_in_refused"
    message = _(
        "E-mail, password and code do not belong together. A code can be used once: wait for the next one."
    )


class SignInSlowed(DomainError):
    code = "sign_in_slowed"
    message = _("Too many tries. Try again in %(minutes)s min.")
