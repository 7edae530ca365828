"""Rules that several verbs share."""

from __future__ import annotations

from dealreg import errors
from dealreg.models import DealRegistration
from prm.values.actor import Actor

State = DealRegistration.State

# What a registration says about itself when a verb comes too early or too late.
SAYS = {
    State.DRAFT: errors.StillDraft,
    State.SUBMITTED: errors.AlreadySubmitted,
    State.IN_REVIEW: errors.AlreadySubmitted,
    State.INFO_REQUESTED: errors.WaitsForPartner,
    State.APPROVED: errors.AlreadyApproved,
    State.REJECTED: errors.AlreadyRejected,
    State.WON: errors.AlreadyWon,
    State.LOST: errors.AlreadyLost,
    State.WITHDRAWN: errors.AlreadyWithdrawn,
    State.EXPIRED: errors.AlreadyExpired,
    State.DISPUTED: errors.InDispute,
}


def must_be_able_to_become(registration: DealRegistration, state: str) -> None:
    """Raise the sentence of the registration's own state unless the table allows the step."""
    if not registration.may_become(state):
        raise wrong_state(registration)


def wrong_state(registration: DealRegistration) -> errors.DomainError:
    who = str(registration.decided_by or "")
    return SAYS[State(registration.state)](number=registration.number, who=who)


def must_not_be_own(registration: DealRegistration, by: Actor) -> None:
    """Nobody decides about what they registered or submitted themselves."""
    if by.user_id is not None and by.user_id in (registration.created_by_id, registration.submitted_by_id):
        raise errors.OwnRegistration(number=registration.number)


def must_say(text: str, error: type[errors.DomainError]) -> str:
    """The text without surrounding space; raise `error` when nothing is left."""
    text = text.strip()
    if not text:
        raise error()
    return text
