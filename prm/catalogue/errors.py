from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class CodeTaken(DomainError):
    code = "catalogue_code_taken"
    message = _("The code %(code)s is already used. Choose another.")
    field = "code"
