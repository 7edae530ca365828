"""Slowing guesses down, per account, per address and per known device.

Guarantee: of any number of tries at once, at most `tries` are checked between two pauses; pauses grow. A person on a
known device has a count of their own, so that others' guesses never lock them out. Accounts that do not exist are
counted like those that do, so the answer never tells which is which.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from prm.accounts.models import GuessCount
from prm.values import clock

PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
# After a quiet day nobody remembers.
FORGET_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Key:
    """What is counted, and how many tries it has before a pause."""

    name: str
    tries: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a try is told: whether it is checked at all, tries left after it, and the pause that then begins."""

    allowed: bool
    left: int = 0
    pause: timedelta = PAUSES[0]
    until: datetime | None = None
    # This try used up an account's last one.
    account_blocked: bool = False

    @property
    def minutes(self) -> int:
        return minutes_until(self.until) if self.until else int(self.pause.total_seconds() // 60)


def account_key(email: str, use: str = "account") -> Key:
    return Key(f"{use}:{hashlib.sha256(email.strip().lower().encode()).hexdigest()[:40]}", 5)


def address_key(address: str, use: str = "address") -> Key:
    return Key(f"{use}:{address or 'unknown'}", 20)


def device_key(device_id: int) -> Key:
    return Key(f"device:{device_id}", 5)


def person_key(user_id: int, use: str) -> Key:
    return Key(f"{use}:{user_id}", 5)


@transaction.atomic
def take(*keys: Key) -> Standing:
    """Count one try against all `keys` before it is checked. A pause that runs refuses it and counts nothing."""
    now = clock.now()
    rows = _locked(keys)
    running = [row.blocked_until for row in rows.values() if row.blocked_until and row.blocked_until > now]
    if running:
        return Standing(allowed=False, until=max(running))
    left, pause, until, account_blocked = [], PAUSES[0], None, False
    for key in keys:
        row = rows[key.name]
        if row.last_at < now - FORGET_AFTER:
            row.failures = 0
        row.failures, row.last_at = row.failures + 1, now
        rounds, used = divmod(row.failures, key.tries)
        left.append(key.tries - used if used else 0)
        row.blocked_until = None
        if not used:
            row.blocked_until = until = max(until or now, now + _pause(rounds - 1))
            account_blocked = account_blocked or key.name.startswith("account:")
        elif left[-1] == min(left):
            pause = _pause(rounds)
        row.save(update_fields=["failures", "last_at", "blocked_until"])
    return Standing(allowed=True, left=min(left), pause=pause, until=until, account_blocked=account_blocked)


@transaction.atomic
def forgive(*keys: Key) -> None:
    """The try was right: accounts and devices start afresh; an address only gets this one try back."""
    rows = _locked(keys)
    for key in keys:
        row = rows[key.name]
        if key.name.startswith("address:"):
            row.failures = max(row.failures - 1, 0)
        else:
            row.failures = 0
        row.blocked_until = None
        row.save(update_fields=["failures", "blocked_until"])


def _locked(keys: tuple[Key, ...]) -> dict[str, GuessCount]:
    names = sorted(key.name for key in keys)
    GuessCount.objects.bulk_create([GuessCount(key=name) for name in names], ignore_conflicts=True)
    return {
        row.key: row for row in GuessCount.objects.select_for_update().filter(key__in=names).order_by("key")
    }


def _pause(number: int) -> timedelta:
    return PAUSES[min(max(number, 0), len(PAUSES) - 1)]


def minutes_until(moment: datetime) -> int:
    """Whole minutes from now, at least one."""
    seconds = (moment - clock.now()).total_seconds()
    return max(int(-(-seconds // 60)), 1)
