from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event("accounts.guesses_blocked", version=1, label=_("Guessed passwords blocked"), internal=True)
class GuessesBlocked:
    """Too many wrong passwords were tried for an e-mail; whether anybody has it is for listeners to find out."""

    email: str
    address: str
    minutes: int
    at: str


@event("accounts.password_reset_asked", version=1, label=_("New password asked for"), internal=True)
class PasswordResetAsked:
    email: str
    at: str


@event("accounts.security_changed", version=1, label=_("Sign-in of a person changed"), internal=True)
class SecurityChanged:
    """`what` is password_changed, second_factor_added, second_factor_removed or recovery_codes_made."""

    user_id: int
    what: str
    at: str


@event("accounts.invitation_sent", version=1, label=_("Invitation sent"), internal=True, hidden=["nonce"])
class InvitationSent:
    invitation_id: int
    nonce: str


@event("accounts.invitation_accepted", version=1, label=_("Invitation accepted"), internal=True)
class InvitationAccepted:
    invitation_id: int
    user_id: int


@event("accounts.user_changed", version=1, label=_("Person changed"), internal=True)
class UserChanged:
    """A person's role, state or name changed; `what` is the verb in the audit trail."""

    user_id: int
    what: str
    at: str
