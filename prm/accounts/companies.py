"""What accounts must know of companies without knowing the partners app, which registers the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from prm.values.actor import Actor


@dataclass(frozen=True)
class Answers:
    choices: Callable[[Actor], list[tuple[int, str]]]
    names_of: Callable[[list[int]], dict[int, str]]
    user_ids_of: Callable[[int], Any]


_answers: Answers | None = None


def register(
    *,
    choices: Callable[[Actor], list[tuple[int, str]]],
    names_of: Callable[[list[int]], dict[int, str]],
    user_ids_of: Callable[[int], Any],
) -> None:
    """Called from the partners app's `ready()`.

    choices(actor)           (id, name) of the partners for which the actor may invite people, by name
    names_of(user ids)       {user id: name of the company that the person belongs to today}
    user_ids_of(partner id)  ids of the users who belong to the partner today: a list or a subquery
    """
    global _answers
    _answers = Answers(choices, names_of, user_ids_of)


def choices(actor: Actor) -> list[tuple[int, str]]:
    return _answers.choices(actor) if _answers else []


def names_of(user_ids: Iterable[int]) -> dict[int, str]:
    ids = list(user_ids)
    return _answers.names_of(ids) if _answers and ids else {}


def user_ids_of(partner_id: int) -> Any:
    return _answers.user_ids_of(partner_id) if _answers else []
