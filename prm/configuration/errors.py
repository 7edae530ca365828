from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class ConfigurationProblem(DomainError):
    """The text cannot be applied. `problems` are sentences, each beginning with its place in the text."""

    code = "configuration_problem"
    message = _("The configuration cannot be applied: %(problems)s")

    def __init__(self, problems: list[str], **more: Any):
        self.problems = problems
        super().__init__(problems="; ".join(problems), **more)


class ChangedMeanwhile(DomainError):
    code = "configuration_changed_meanwhile"
    message = _("The configuration was changed in the meantime. Look at the differences again.")
