"""Notices about the platform's own facts: accounts and jobs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.access.roles import Role
from prm.accounts.support.querysets import waiting_for_consent
from prm.accounts.support.services import CONSENT_LASTS
from prm.notices import kinds, texts, work
from prm.values.actor import Actor

KINDS: dict[str, dict[str, Any]] = {
    "accounts.guesses_blocked": {
        "title": _("Wrong passwords were tried for your account"),
        "body": _(
            "Somebody at %(address)s tried wrong passwords for your account until it was paused for %(minutes)s "
            "min. On devices you have used before you can sign in as always. If it was not you, change your "
            "password."
        ),
        "icon": "shield-lock",
    },
    "accounts.guesses_blocked_admin": {
        "title": _("Wrong passwords were tried for %(person)s"),
        "body": _(
            "Somebody at %(address)s tried wrong passwords for %(person)s until the account was paused for "
            "%(minutes)s min. The person has been told."
        ),
        "icon": "shield-lock",
        "label": _("Guessed passwords of others"),
        "roles": [Role.ADMINISTRATOR],
    },
    "accounts.password_changed": {
        "title": _("Your password was changed"),
        "body": _(
            "Your password was changed. If it was not you, set a new one at once and tell your administrator."
        ),
        "icon": "key",
    },
    "accounts.second_factor_added": {
        "title": _("A second factor was set up"),
        "body": _(
            "From now on your account asks for a code after the password. If it was not you, tell your administrator."
        ),
        "icon": "shield-check",
    },
    "accounts.second_factor_removed": {
        "title": _("Your second factor was removed"),
        "body": _("Your account no longer asks for a code. If it was not you, tell your administrator."),
        "icon": "shield-lock",
    },
    "accounts.recovery_codes_made": {
        "title": _("New recovery codes were made"),
        "body": _("The recovery codes of before no longer work. If it was not you, tell your administrator."),
        "icon": "key",
    },
    "accounts.invited_elsewhere": {
        "title": _("%(inviter)s invited %(person)s, who already signs in here"),
        "body": _(
            "%(inviter)s invited %(person)s, whose address already signs in here. The inviter was not told. If the "
            "person changed company, end the old membership and add the person to the new company."
        ),
        "icon": "users",
        "label": _("Invitations to people who are here already"),
        "roles": [Role.ADMINISTRATOR],
    },
    "accounts.invitation_accepted": {
        "title": _("%(person)s accepted your invitation"),
        "icon": "user-check",
        "label": _("Accepted invitations"),
        "roles": [Role.ADMINISTRATOR, Role.PARTNER_ADMIN],
    },
    "accounts.role_changed": {
        "title": _("Your role was changed"),
        "body": _("Your role was changed. The menu shows what you may do now."),
        "icon": "user-shield",
    },
    "accounts.support_asked": {
        "title": _("%(operator)s asks to act for %(person)s"),
        "body": _(
            "The operator %(operator)s asks to act for %(person)s: “%(reason)s” You consent or refuse."
        ),
        "icon": "user-shield",
        "roles": [Role.ADMINISTRATOR],
    },
    "accounts.support_ended": {
        "title": _("%(operator)s no longer acts for %(person)s"),
        "icon": "user-shield",
        "label": _("Ended support access"),
        "roles": [Role.ADMINISTRATOR],
    },
    "jobs.finished": {
        "title": _("%(title)s: done"),
        "icon": "circle-check",
        "label": _("Finished work in the background"),
    },
    "jobs.failed": {
        "title": _("%(title)s: failed"),
        "body": _("%(title)s stopped and was given up: %(error)s. What was done is kept; you can resume it."),
        "icon": "alert-triangle",
        "label": _("Failed work in the background"),
    },
    "egress.given_up": {
        "title": _("%(receiver)s did not take a message"),
        "body": _("“%(message)s” was sent to %(receiver)s again and again and not taken: %(error)s"),
        "icon": "plug-connected-x",
        "label": _("Messages that other systems did not take"),
        "roles": [Role.ADMINISTRATOR],
    },
    "egress.receiver_gone": {
        "title": _("%(receiver)s wants no more messages"),
        "body": _(
            "%(receiver)s answered that it is gone, so it was switched off. Nothing is sent to it any more."
        ),
        "icon": "plug-connected-x",
        "label": _("Receivers that switched themselves off"),
        "roles": [Role.ADMINISTRATOR],
    },
    "outbox.given_up": {
        "title": _("An event did not arrive: %(event)s"),
        "body": _(
            "%(receiver)s could not take the event %(event)s of %(object)s and is not tried again. Later events of the "
            "same object wait for it. Read the error, then try again or give it up."
        ),
        "icon": "alert-triangle",
        "label": _("Events that did not arrive"),
        "roles": [Role.ADMINISTRATOR],
    },
}


LETTERS: dict[str, dict[str, Any]] = {
    "accounts.invitation": {
        "label": _("Invitation"),
        "subject": _("%(inviter)s invites you to the partner portal of %(tenant)s"),
        "paragraphs": [
            _("Hello %(name)s,"),
            _(
                "%(inviter)s invites you to the partner portal of %(tenant)s, where you will work for %(company)s. "
                "Choose a password to enter."
            ),
            _("The link works once, for %(days)s days."),
        ],
    },
    "accounts.invitation_back": {
        "label": _("Invitation back to a company"),
        "subject": _("%(inviter)s invites you back to the partner portal of %(tenant)s"),
        "paragraphs": [
            _("Hello %(name)s,"),
            _(
                "%(inviter)s invites you back to %(company)s on the partner portal of %(tenant)s. You sign in with the "
                "password of before."
            ),
            _("The link works once, for %(days)s days."),
        ],
    },
    "accounts.already_here": {
        "label": _("Invitation of somebody who is here already"),
        "subject": _("You already have an account at %(tenant)s"),
        "paragraphs": [
            _("%(inviter)s invited you to the partner portal of %(tenant)s, where you already sign in."),
            _("A person belongs to one company at a time. If you changed company, write to %(contact)s."),
        ],
    },
    "accounts.password_reset": {
        "label": _("New password"),
        "subject": _("Set a new password for %(tenant)s"),
        "paragraphs": [
            _("Somebody, most likely you, asked for a new password for %(email)s."),
            _("The link works for four hours and once. If you did not ask, nothing changes."),
        ],
    },
}


def support_requests(actor: Actor) -> Iterable[work.Work]:
    """Operators who ask to act for somebody: an administrator consents or refuses before the request lapses."""
    if "accounts.consent_to_support" not in actor.permissions:
        return
    for access in waiting_for_consent():
        yield work.Work(
            title=gettext("%(operator)s asks to act for %(person)s")
            % {"operator": access.operator_email, "person": access.user},
            link=reverse("support"), since=access.requested_at, due=access.requested_at + CONSENT_LASTS,
            subtitle=access.reason, kind=_("Support access"), icon="user-shield",
        )  # fmt: skip


def register_kinds() -> None:
    for name, words in LETTERS.items():
        texts.register(name, **words)
    for name, words in KINDS.items():
        kinds.register(name, **words)
