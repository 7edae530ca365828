"""What is due each day: deleted fields whose 30 days are over, files that no row holds."""

from __future__ import annotations

from prm.customfields import holding, indexes, targets
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


@daily("customfields.drop_unheld_files")
def drop_unheld_files() -> None:
    """Delete files that were handed in and that no row holds."""
    holding.drop_unheld()


@daily("customfields.index_fields")
def index_fields() -> None:
    """Build what a lost or failed job left out."""
    for target in targets.all_targets():
        indexes.index_soon(target)
