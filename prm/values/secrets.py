"""Secrets at rest: what is stored encrypted cannot be read from a stolen database alone."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def _keys() -> MultiFernet:
    """The newest key encrypts; SECRET_KEY_FALLBACKS still decrypt after a rotation."""
    sources = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"at-rest:{key}".encode()).digest()))
            for key in map(str, sources)
        ]
    )


def encrypt(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """The text again; "" when it was encrypted by another installation's key."""
    try:
        return _keys().decrypt(stored.encode()).decode()
    except InvalidToken:
        return ""
