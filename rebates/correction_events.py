"""What happens to corrections of statements by hand."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event(
    "rebates.correction_proposed", version=1, label=_("Correction of a statement proposed"), subject="statement",
    object_id="statement_id",
)  # fmt: skip
class CorrectionProposed:
    statement_id: int
    adjustment_id: int


@event(
    "rebates.correction_decided", version=1, label=_("Correction of a statement decided"), subject="statement",
    object_id="statement_id",
)  # fmt: skip
class CorrectionDecided:
    statement_id: int
    adjustment_id: int
    state: str
