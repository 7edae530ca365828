"""Webhooks after the Standard Webhooks specification (standardwebhooks.com): signed, with an id that never repeats."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.egress.kinds import Kind, Outgoing
from prm.outbox.events import catalogue, offered
from prm.values import clock

PREFIX = "whsec_"


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, code: str, timestamp: int, body: bytes) -> str:
    """ "v1,…" over id, time and body; the time keeps a recorded message from being played again later."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{code}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class Webhook(Kind):
    code = "webhook"
    label = _("Webhook")
    help = _(
        "An address of your own system that begins with https://. It answers with 200 once it has the message."
    )
    makes_secret = True

    def choices(self) -> list[tuple[str, Any]]:
        return [(one.code, one.label) for one in offered()]

    def words(self) -> dict[str, Any]:
        return {one.code: one.label for one in catalogue(internal=False)}

    def compose(self, receiver: Any, message: Any) -> Outgoing:
        body = json.dumps(message.content, ensure_ascii=False, separators=(",", ":")).encode()
        now = int(clock.now().timestamp())
        signatures = [signature(secret, message.code, now, body) for secret in receiver.secrets_now]
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": message.code,
            "webhook-timestamp": str(now),
            "webhook-signature": " ".join(signatures),
        }
        return Outgoing(receiver.url, body, headers)
