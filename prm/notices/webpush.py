"""What goes over the wire to a browser's push service: content that only the browser reads (RFC 8291, aes128gcm of
RFC 8188), and the proof of who sends it (VAPID, RFC 8292). Plain functions; nothing here knows people or notices."""

from __future__ import annotations

import base64
import binascii
import json
import os
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CURVE = ec.SECP256R1()
# Push services take 4096 bytes: a head of 86, the mark that the record is the last, and the cipher's tag.
MOST_BYTES = 4096 - 86 - 1 - 16
RECORD = 4096
VALID_FOR = timedelta(hours=12)


def to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def to_bytes(text: str) -> bytes:
    """Raises ValueError for what is no base64url."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("not base64url") from None


def new_key() -> str:
    """A fresh private key, as text."""
    return to_text(ec.generate_private_key(CURVE).private_numbers().private_value.to_bytes(32, "big"))


def private_of(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(to_bytes(text), "big"), CURVE)


def public_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The uncompressed point: 65 bytes."""
    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def point_of(raw: bytes) -> ec.EllipticCurvePublicKey:
    """The public key of a browser. Raises ValueError for what is no point of the curve."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, raw)
    except InvalidKey:
        raise ValueError("no point of the curve") from None


def sealed(
    content: bytes, *, browser: bytes, secret: bytes, key: ec.EllipticCurvePrivateKey | None = None, salt: bytes = b"",
) -> bytes:  # fmt: skip
    """The body of the request: `content` for the browser with that public key and authentication secret.

    `key` and `salt` are made anew for each message; only the example of the RFC gives them.
    """
    if len(content) > MOST_BYTES:
        raise ValueError("longer than push services take")
    key, salt = key or ec.generate_private_key(CURVE), salt or os.urandom(16)
    mine = public_of(key)
    shared = key.exchange(ec.ECDH(), point_of(browser))
    both = _derived(secret, shared, b"WebPush: info\0" + browser + mine, 32)
    cipher = AESGCM(_derived(salt, both, b"Content-Encoding: aes128gcm\0", 16))
    nonce = _derived(salt, both, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD.to_bytes(4, "big") + bytes([len(mine)]) + mine
    return head + cipher.encrypt(nonce, content + b"\x02", None)


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def authorization(endpoint: str, *, key: ec.EllipticCurvePrivateKey, contact: str, now: datetime) -> str:
    """The header that says who sends: a token for the push service's origin, signed, with the key to check it by."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}", "exp": int((now + VALID_FOR).timestamp()), "sub": contact
    }  # fmt: skip
    signed = ".".join(to_text(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    one, other = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = to_text(one.to_bytes(32, "big") + other.to_bytes(32, "big"))
    return f"vapid t={signed}.{signature}, k={to_text(public_of(key))}"
