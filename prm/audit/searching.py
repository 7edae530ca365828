"""Finding rows of the trail by the words in them, through one index."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import connection, models
from django.db.models.functions import Cast

from prm.audit import words


class Words(models.Func):
    """All text of a row in capitals: who, what, why, from where, and the changes as they are stored."""

    function = "UPPER"
    arg_joiner = " || ' ' || "
    output_field = models.TextField()

    def __init__(self, *parts: Any, **extra: Any):
        known = ("actor_label", "object_label", "reason", "address", "request_id")
        super().__init__(*(parts or (*known, Cast("changes", models.TextField()))), **extra)


def words_index() -> GinIndex:
    return GinIndex(OpClass(Words(), name="gin_trgm_ops"), name="audit_by_words")


def present(column: str) -> list[str]:
    """The values of an indexed column, each found by one step in the index, however many rows there are."""
    quoted = connection.ops.quote_name(column)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE found AS ("
            f" (SELECT {quoted} AS value FROM audit_auditentry ORDER BY {quoted} LIMIT 1) UNION ALL"
            f" SELECT (SELECT {quoted} FROM audit_auditentry WHERE {quoted} > found.value ORDER BY {quoted} LIMIT 1)"
            f" FROM found WHERE found.value IS NOT NULL"
            f") SELECT value FROM found WHERE value <> ''"
        )
        return [row[0] for row in cursor.fetchall()]


def spoken_verbs() -> dict[str, str]:
    """The verbs in the trail with their words in the reader's language, in small letters."""
    return {verb: words.word_for(verb).casefold() for verb in present("verb")}


def partner_model() -> Any:
    """The model whose rows are the partners themselves; None where no business app is installed."""
    return next((m for m in apps.get_models() if getattr(m, "PARTNER_PATH", "") == "self"), None)
