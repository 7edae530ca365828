from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.conditions.querysets import SavedViewQuerySet
from prm.values import clock


class SavedView(models.Model):
    """A list as somebody wants to see it again: a condition, and whatever else stood in the address."""

    subject = models.CharField(max_length=60)
    name = models.CharField(_("name"), max_length=60)
    condition = models.JSONField(default=dict)
    # The list's other parameters, such as sort, search and the columns' filters: {"sort": ["-net_total"]}.
    rest = models.JSONField(default=dict)
    # Nobody's where it came with a configuration as text; then it is shared.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    shared = models.BooleanField(_("for all colleagues"), default=False)
    created_at = models.DateTimeField(default=clock.now)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["-shared", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "subject", "name"],
                condition=models.Q(shared=False),
                name="one_own_view_per_name",
                violation_error_message=_("You have a view of this name already. Choose another."),
            ),
            models.UniqueConstraint(
                fields=["subject", "name"],
                condition=models.Q(shared=True),
                name="one_shared_view_per_name",
                violation_error_message=_("There is a view of this name already. Choose another."),
            ),
            models.CheckConstraint(
                name="own_view_has_an_owner", condition=models.Q(shared=True) | models.Q(owner__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name
