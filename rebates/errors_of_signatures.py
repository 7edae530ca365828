"""Refusals about signatures of programme versions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class NotAskedToSign(DomainError):
    code = "not_asked_to_sign"
    message = _("%(programme)s, version %(number)s does not ask you for a signature.")


class SignedAlready(DomainError):
    code = "signed_already"
    message = _("%(person)s has signed this version already.")


class TextChangedMeanwhile(DomainError):
    code = "text_changed_meanwhile"
    message = _("The text is another than the one that you read. Read it again, then sign.")


class DeclineReasonMissing(DomainError):
    code = "decline_reason_missing"
    message = _("Say why in a sentence. Finance reads it.")
    field = "reason"
