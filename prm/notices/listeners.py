"""What people are told when accounts or jobs change."""

from __future__ import annotations

from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.access.roles import Role
from prm.accounts import companies
from prm.accounts import events as accounts
from prm.accounts.models import Invitation, SupportAccess, User
from prm.accounts.services.invitations import VALID_FOR, returning_person, token_of
from prm.accounts.support.events import SupportAsked, SupportEnded
from prm.egress.events import MessageGivenUp, ReceiverGone
from prm.egress.models import Message, Receiver
from prm.jobs.events import JobFailed, JobFinished
from prm.jobs.models import Job
from prm.notices.letters import write_letter
from prm.notices.links import current_tenant
from prm.notices.services import notify
from prm.notices.texts import words_of
from prm.outbox.delivery import DeliveryGivenUp
from prm.outbox.events import listens_to
from prm.outbox.models import MissedDelivery


def administrators() -> list[User]:
    return list(User.objects.filter(role=Role.ADMINISTRATOR, is_active=True))


@listens_to(accounts.GuessesBlocked)
def tell_about_guesses(fact: accounts.GuessesBlocked) -> None:
    """The person and the administrators hear of blocked guesses; for an address that nobody has, nobody does."""
    user = User.objects.filter(email__iexact=fact.email, is_active=True).first()
    if user is None:
        return
    values = {"person": user.name or user.email, "address": fact.address, "minutes": fact.minutes}
    key = f"guesses:{user.pk}:{fact.at}"
    notify(
        users=[user],
        kind="accounts.guesses_blocked",
        values=values,
        link=reverse("accounts:sessions"),
        fact=key,
    )
    others = [person for person in administrators() if person.pk != user.pk]
    link = f"{reverse('audit:list')}?verb=sign_in_blocked"
    notify(users=others, kind="accounts.guesses_blocked_admin", values=values, link=link, fact=f"{key}:admin")


@listens_to(accounts.PasswordResetAsked)
def send_password_letter(fact: accounts.PasswordResetAsked) -> None:
    user = User.objects.filter(email__iexact=fact.email, is_active=True).first()
    if user is None:
        return
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    write_letter(
        to=user.email,
        **words_of("accounts.password_reset"),
        values={"tenant": current_tenant().name, "email": user.email},
        link=reverse("account_reset_password_from_key", kwargs=key),
        link_label=_("Set a new password"),
        language=user.letter_language,
        fact=f"password-reset:{user.pk}:{fact.at}",
    )


@listens_to(accounts.SecurityChanged)
def tell_about_security(fact: accounts.SecurityChanged) -> None:
    user = User.objects.filter(pk=fact.user_id, is_active=True)
    notify(
        users=user,
        kind=f"accounts.{fact.what}",
        link=reverse("accounts:account"),
        fact=f"{fact.what}:{fact.at}",
    )


@listens_to(accounts.InvitationSent)
def send_invitation_letter(fact: accounts.InvitationSent) -> None:
    """The letter with the link; who signs in here already gets another letter, and the administrators a notice."""
    invitation = Invitation.objects.select_related("invited_by").filter(pk=fact.invitation_id).first()
    if invitation is None or not invitation.is_open or invitation.nonce != fact.nonce:
        return
    inviter = str(invitation.invited_by) if invitation.invited_by else current_tenant().name
    company = companies.name_of(invitation.partner_id) or current_tenant().name
    values = {
        "tenant": current_tenant().name,
        "inviter": inviter,
        "name": invitation.name,
        "company": company,
    }
    key = f"invitation:{invitation.pk}:{fact.nonce[:12]}"
    back = returning_person(invitation) is not None
    known = User.objects.filter(email__iexact=invitation.email).first()
    if known is not None and not back:
        _tell_it_is_taken(invitation, known, values, key)
        return
    write_letter(
        to=invitation.email,
        **words_of("accounts.invitation_back" if back else "accounts.invitation"),
        values=values | {"days": VALID_FOR.days},
        link=reverse("accounts:invitation", args=[token_of(invitation)]),
        link_label=_("Accept the invitation"),
        language=invitation.language,
        fact=key,
    )


def _tell_it_is_taken(invitation: Invitation, known: User, values: dict, key: str) -> None:
    contact = current_tenant().contact_email
    write_letter(
        to=invitation.email,
        **words_of("accounts.already_here"),
        values=values | {"contact": contact or values["tenant"]},
        link=reverse("account_login"),
        link_label=_("Sign in"),
        language=invitation.language,
        fact=key,
    )
    notify(
        users=administrators(),
        kind="accounts.invited_elsewhere",
        values={"inviter": values["inviter"], "person": invitation.email},
        link=known.get_absolute_url(),
        fact=f"{key}:taken",
    )


@listens_to(accounts.InvitationAccepted)
def tell_the_inviter(fact: accounts.InvitationAccepted) -> None:
    invitation = Invitation.objects.select_related("invited_by").filter(pk=fact.invitation_id).first()
    person = User.objects.filter(pk=fact.user_id).first()
    if invitation and invitation.invited_by and person:
        notify(
            users=[invitation.invited_by],
            kind="accounts.invitation_accepted",
            values={"person": person.name},
            fact=f"invitation-accepted:{invitation.pk}",
        )


@listens_to(accounts.UserChanged)
def tell_about_role(fact: accounts.UserChanged) -> None:
    user = User.objects.filter(pk=fact.user_id, is_active=True).first()
    if user and fact.what == "role_changed":
        notify(
            users=[user],
            kind="accounts.role_changed",
            link="/",
            fact=f"role:{user.pk}:{user.role}:{fact.at}",
        )


@listens_to(SupportAsked)
def tell_administrators_of_support(fact: SupportAsked) -> None:
    _tell_about_support(fact.access_id, "accounts.support_asked", letter=True)


@listens_to(SupportEnded)
def tell_administrators_of_its_end(fact: SupportEnded) -> None:
    _tell_about_support(fact.access_id, "accounts.support_ended", letter=False)


def _tell_about_support(access_id: int, kind: str, *, letter: bool) -> None:
    access = SupportAccess.objects.select_related("user").filter(pk=access_id).first()
    if access:
        values = {"operator": access.operator_email, "person": str(access.user), "reason": access.reason}
        fact = f"{kind}:{access.pk}"
        notify(
            users=administrators(),
            kind=kind,
            values=values,
            link=reverse("support"),
            fact=fact,
            letter=letter,
        )


@listens_to(JobFinished)
def tell_job_is_done(fact: JobFinished) -> None:
    _tell_about_job(fact.job_id, "jobs.finished")


@listens_to(JobFailed)
def tell_job_failed(fact: JobFailed) -> None:
    _tell_about_job(fact.job_id, "jobs.failed")


def _tell_about_job(job_id: int, kind: str) -> None:
    """Whoever began it; a job that failed twice is told twice, since somebody had resumed it."""
    job = Job.objects.select_related("created_by").filter(pk=job_id).first()
    if job and job.created_by:
        notify(
            users=[job.created_by],
            kind=kind,
            values={"title": job.title_said or job.title, "error": job.error.partition("\n")[0][:200]},
            link=(job.link if kind == "jobs.finished" else "") or reverse("jobs:detail", args=[job.pk]),
            fact=f"job:{job.pk}:{kind}:{job.attempt}",
            letter=kind == "jobs.failed",
        )


@listens_to(DeliveryGivenUp)
def tell_of_a_lost_event(fact: DeliveryGivenUp) -> None:
    """Administrators hear of each event that the product no longer tries to deliver."""
    missed = MissedDelivery.objects.select_related("event").filter(pk=fact.missed_id).first()
    if missed is None:
        return
    notify(
        users=administrators(),
        kind="outbox.given_up",
        values={"event": missed.event.name, "receiver": missed.receiver, "object": missed.object_key or "—"},
        link=missed.get_absolute_url(),
        fact=f"event-given-up:{missed.pk}:{fact.at}",
    )


@listens_to(MessageGivenUp)
def tell_of_a_message_not_taken(fact: MessageGivenUp) -> None:
    message = Message.objects.select_related("receiver").filter(pk=fact.message_id).first()
    if message:
        notify(
            users=administrators(),
            kind="egress.given_up",
            values={"receiver": message.receiver.name, "message": message.title,
                    "error": message.last_try.get("error", "")},
            link=message.get_absolute_url(),
            fact=f"message-given-up:{message.pk}:{fact.at}",
        )  # fmt: skip


@listens_to(ReceiverGone)
def tell_of_a_receiver_gone(fact: ReceiverGone) -> None:
    receiver = Receiver.objects.filter(pk=fact.receiver_id).first()
    if receiver:
        notify(
            users=administrators(),
            kind="egress.receiver_gone",
            values={"receiver": receiver.name},
            link=receiver.get_absolute_url(),
            fact=f"receiver-gone:{receiver.pk}:{fact.at}",
        )
