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
    name_of: Callable[[int], str]
    was_at: Callable[[int, int], bool]
    join: Callable[..., Any]


_answers: Answers | None = None


def register(
    *,
    choices: Callable[[Actor], list[tuple[int, str]]],
    names_of: Callable[[list[int]], dict[int, str]],
    user_ids_of: Callable[[int], Any],
    name_of: Callable[[int], str],
    was_at: Callable[[int, int], bool],
    join: Callable[..., Any],
) -> None:
    """Called from the partners app's `ready()`.

    choices(actor)           (id, name) of the partners for which the actor may invite people, by name
    names_of(user ids)       {user id: name of the company that the person belongs to today}
    user_ids_of(partner id)  ids of the users who belong to the partner today: a list or a subquery
    name_of(partner id)      the partner's name; the caller knows already that it may be told
    was_at(user id, partner id)     whether the person belongs to the partner or ever did
    join(partner=id, user=, by=)    make the person one of the partner's people from today on
    """
    global _answers
    _answers = Answers(choices, names_of, user_ids_of, name_of, was_at, join)


def choices(actor: Actor) -> list[tuple[int, str]]:
    return _answers.choices(actor) if _answers else []


def names_of(user_ids: Iterable[int]) -> dict[int, str]:
    ids = list(user_ids)
    return _answers.names_of(ids) if _answers and ids else {}


def user_ids_of(partner_id: int) -> Any:
    return _answers.user_ids_of(partner_id) if _answers else []


def name_of(partner_id: int | None) -> str:
    return _answers.name_of(partner_id) if _answers and partner_id is not None else ""


def was_at(user_id: int, partner_id: int) -> bool:
    return _answers.was_at(user_id, partner_id) if _answers else False


def join(*, partner: int, user: Any, by: Actor) -> None:
    if _answers:
        _answers.join(partner=partner, user=user, by=by)
