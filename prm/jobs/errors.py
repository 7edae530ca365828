from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class JobNotOpen(DomainError):
    code = "job_not_open"
    message = _("This job has already ended.")


class JobNotRetryable(DomainError):
    code = "job_not_retryable"
    message = _("Only a failed or cancelled job can be resumed.")


class AnotherIsOpen(DomainError):
    code = "another_job_is_open"
    message = _("The same work was started anew and is still running. Wait for that one.")
