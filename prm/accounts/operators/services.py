"""Making operators and letting them in."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django_tenants.utils import schema_context

from prm.access.rules import require
from prm.accounts.operators import totp
from prm.accounts.operators.errors import SignInRefused, SignInSlowed
from prm.tenancy.errors import OperatorExists, PasswordTooWeak
from prm.tenancy.models import Operator, OperatorGuess
from prm.tenancy.operator_log import log_operation
from prm.values import clock
from prm.values.actor import Actor
from prm.values.secrets import decrypt, encrypt

RECOVERY_CODES = 10
TRIES = 5
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
FORGET_AFTER = timedelta(hours=24)
NO_PASSWORD = "!"


@dataclass(frozen=True, slots=True)
class NewOperator:
    """What the new operator must be given, once: nothing of it can be read again."""

    operator: Operator
    secret: str
    uri: str
    recovery_codes: list[str]


def create_operator(*, email: str, name: str, password: str, by: Actor) -> NewOperator:
    """Make an operator with password, second factor and recovery codes."""
    require(by, "tenancy.operate")
    email = email.strip().lower()
    try:
        validate_password(password)
    except ValidationError as problem:
        raise PasswordTooWeak(why=" ".join(problem.messages)) from None
    secret = totp.new_secret()
    codes = [
        f"{secrets.token_hex(2)}-{secrets.token_hex(2)}-{secrets.token_hex(2)}" for _ in range(RECOVERY_CODES)
    ]
    with schema_context(settings.PUBLIC_SCHEMA_NAME), transaction.atomic():
        if Operator.objects.filter(email=email).exists():
            raise OperatorExists(email=email)
        operator = Operator.objects.create(
            email=email,
            name=name.strip() or email,
            password=make_password(password),
            totp_secret=encrypt(secret),
            recovery_codes=[_hashed(code) for code in codes],
        )
        log_operation("operator_created", by=by, email=email)
    uri = totp.provisioning_uri(secret, account=email, issuer=settings.MFA_TOTP_ISSUER)
    return NewOperator(operator, secret, uri, codes)


def sign_in_operator(*, email: str, password: str, code: str, by: Actor) -> Operator:
    """The operator whose e-mail, password and code (from the app, or a recovery code) these are.

    Refusals never tell which part was wrong. Tries are counted before they are checked, per account and per
    address, whether the account exists or not; after five there is a pause, and pauses grow.
    """
    email = email.strip().lower()
    keys = [
        f"account:{hashlib.sha256(email.encode()).hexdigest()[:40]}",
        f"address:{by.address or 'unknown'}",
    ]
    with schema_context(settings.PUBLIC_SCHEMA_NAME):
        _count_try(keys)
        with transaction.atomic():
            operator = Operator.objects.select_for_update().filter(email=email, is_active=True).first()
            known = operator is not None and operator.has_password(password)
            if operator is None:
                make_password(password)  # takes as long as for an account that exists
            if operator is not None and known and _take_code(operator, code):
                operator.last_sign_in_at = clock.now()
                operator.save(update_fields=["last_sign_in_at", "recovery_codes", "totp_last_step"])
                OperatorGuess.objects.filter(key__in=keys).delete()
                log_operation("signed_in", by=by.with_(label=operator.email))
                return operator
        log_operation("sign_in_refused", by=by.with_(label=email))
    raise SignInRefused()


def demo_operator() -> Operator | None:
    """The operator behind demo mode's button, who has no password and no second factor."""
    return Operator.objects.filter(password=NO_PASSWORD, is_active=True).first() if settings.DEMO else None


def _take_code(operator: Operator, code: str) -> bool:
    """Whether the code is right; a code is used up, and the operator's row is locked meanwhile."""
    code = code.strip().lower().replace(" ", "")
    secret = decrypt(operator.totp_secret) if operator.totp_secret else ""
    if secret and code.isdigit():
        step = totp.matching_step(secret, code, now=clock.now(), after=operator.totp_last_step)
        if step is not None:
            operator.totp_last_step = step
        return step is not None
    hashed = _hashed(code)
    if hashed in operator.recovery_codes:
        operator.recovery_codes = [other for other in operator.recovery_codes if other != hashed]
        return True
    return False


def _count_try(keys: list[str]) -> None:
    now = clock.now()
    with transaction.atomic():
        OperatorGuess.objects.bulk_create([OperatorGuess(key=key) for key in keys], ignore_conflicts=True)
        rows = list(OperatorGuess.objects.select_for_update().filter(key__in=keys).order_by("key"))
        running = [row.blocked_until for row in rows if row.blocked_until and row.blocked_until > now]
        if running:
            raise SignInSlowed(minutes=max(1, -int(-(max(running) - now).total_seconds() // 60)))
        for row in rows:
            row.failures = 1 if row.last_at < now - FORGET_AFTER else row.failures + 1
            row.last_at = now
            rounds, rest = divmod(row.failures, TRIES)
            row.blocked_until = None if rest else now + PAUSES[min(rounds, len(PAUSES)) - 1]
            row.save(update_fields=["failures", "last_at", "blocked_until"])


def _hashed(code: str) -> str:
    return hashlib.sha256(f"operator-recovery:{code}".encode()).hexdigest()
