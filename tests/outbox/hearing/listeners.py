from __future__ import annotations

import random
import time

from django.db import connection

from prm.outbox.events import listens_to
from tests.outbox.hearing.events import Counted

TABLE = "heard_events"


@listens_to(Counted)
def steady(fact: Counted) -> None:
    _write("steady", fact)


@listens_to(Counted)
def moody(fact: Counted) -> None:
    """Fails now and then after it has written, so that retries and order are tried as well."""
    _write("moody", fact)
    time.sleep(0.002)
    if random.random() < 0.03:
        raise RuntimeError("not now")


def _write(who: str, fact: Counted) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} (who, key, number) VALUES (%s, %s, %s)", [who, fact.key, fact.number]
        )


def make_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (id bigserial, who text, key text, number int)")


def heard(who: str) -> dict[str, list[int]]:
    """What `who` heard of each key, with doubles, in the order of the commits."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT key, array_agg(number ORDER BY id) FROM {TABLE} WHERE who = %s GROUP BY key", [who]
        )
        return dict(cursor.fetchall())
