"""What happens to figures of before go-live after they came in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event(
    "rebates.go_live_reversal_asked", version=1, label=_("Reversal of a figure of before go-live asked for")
)
class GoLiveTakingBackAsked:
    programme_id: int
    reversal_id: int


@event("rebates.go_live_row_reversed", version=1, label=_("Figure of before go-live taken back"))
class GoLiveRowTakenBack:
    programme_id: int
    reversal_id: int
