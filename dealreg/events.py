"""What happened to deal registrations."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event(
    "dealreg.submitted",
    version=1,
    label=_("Deal registration submitted"),
    subject="deal",
    object_id="registration_id",
)
class RegistrationSubmitted:
    registration_id: int
    verdict: str


@event(
    "dealreg.approved",
    version=1,
    label=_("Deal registration approved"),
    subject="deal",
    object_id="registration_id",
)
class RegistrationApproved:
    registration_id: int
    last_day: str


@event(
    "dealreg.rejected",
    version=1,
    label=_("Deal registration rejected"),
    subject="deal",
    object_id="registration_id",
)
class RegistrationRejected:
    registration_id: int


@event(
    "dealreg.info_requested",
    version=1,
    label=_("Information about a deal registration asked for"),
    subject="deal",
    object_id="registration_id",
)
class InformationRequested:
    registration_id: int
    message_id: int


@event(
    "dealreg.answered",
    version=1,
    label=_("Question about a deal registration answered"),
    subject="deal",
    object_id="registration_id",
)
class InformationAnswered:
    registration_id: int
    message_id: int


@event(
    "dealreg.corrected",
    version=1,
    label=_("Deal registration corrected and handed in again"),
    subject="deal",
    object_id="registration_id",
)
class RegistrationCorrected:
    registration_id: int
    at: str


@event(
    "dealreg.withdrawn",
    version=1,
    label=_("Deal registration withdrawn"),
    subject="deal",
    object_id="registration_id",
)
class RegistrationWithdrawn:
    registration_id: int
    was: str


@event(
    "dealreg.won", version=1, label=_("Deal registration won"), subject="deal", object_id="registration_id"
)
class RegistrationWon:
    registration_id: int


@event(
    "dealreg.lost", version=1, label=_("Deal registration lost"), subject="deal", object_id="registration_id"
)
class RegistrationLost:
    registration_id: int


@event(
    "dealreg.expired", version=1, label=_("Protection expired"), subject="deal", object_id="registration_id"
)
class RegistrationExpired:
    registration_id: int


@event(
    "dealreg.protection_ends_soon",
    version=1,
    label=_("Protection ends soon"),
    subject="deal",
    object_id="registration_id",
)
class ProtectionEndsSoon:
    registration_id: int
    days: int
    last_day: str


@event("dealreg.asked_too_often", version=1, label=_("Partner asked too often about a customer"))
class AskedTooOften:
    question_id: int
