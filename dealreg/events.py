"""What happened to deal registrations."""

from __future__ import annotations

from prm.outbox.events import event


@event("dealreg.submitted", version=1)
class RegistrationSubmitted:
    registration_id: int
    verdict: str


@event("dealreg.approved", version=1)
class RegistrationApproved:
    registration_id: int
    last_day: str


@event("dealreg.rejected", version=1)
class RegistrationRejected:
    registration_id: int


@event("dealreg.info_requested", version=1)
class InformationRequested:
    registration_id: int
    message_id: int


@event("dealreg.answered", version=1)
class InformationAnswered:
    registration_id: int
    message_id: int


@event("dealreg.withdrawn", version=1)
class RegistrationWithdrawn:
    registration_id: int
    was: str


@event("dealreg.won", version=1)
class RegistrationWon:
    registration_id: int


@event("dealreg.lost", version=1)
class RegistrationLost:
    registration_id: int


@event("dealreg.expired", version=1)
class RegistrationExpired:
    registration_id: int


@event("dealreg.protection_ends_soon", version=1)
class ProtectionEndsSoon:
    registration_id: int
    days: int
    last_day: str


@event("dealreg.asked_too_often", version=1)
class AskedTooOften:
    question_id: int
