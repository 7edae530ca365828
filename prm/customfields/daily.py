"""What is due each day: deleted fields whose 30 days are over."""

from __future__ import annotations

from prm.customfields.models import CustomField
from prm.customfields.services import KEPT_FOR, drop_field
from prm.jobs.daily import daily
from prm.values import clock
from prm.values.actor import Actor


@daily("customfields.drop_deleted")
def drop_deleted_fields() -> None:
    """Drop the values of fields that were deleted more than 30 days ago."""
    for field in CustomField.objects.filter(deleted_at__lte=clock.now() - KEPT_FOR):
        drop_field(field=field, by=Actor.job("deleted fields"))
