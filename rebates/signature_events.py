"""What happens to signatures of programme versions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event("rebates.version_signed", version=1, label=_("Programme version signed by a partner"))
class VersionSigned:
    version_id: int
    partner_id: int
    signature_id: int


@event("rebates.version_declined", version=1, label=_("Programme version declined by a partner"))
class VersionDeclined:
    version_id: int
    partner_id: int
    signature_id: int


@event("rebates.signatures_asked", version=1, label=_("Partners reminded of their signature"))
class SignaturesAsked:
    version_id: int
    day: str
