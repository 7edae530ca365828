"""The kinds of receivers, behind one small interface: what a message looks like on the wire, and what "taken" means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from prm.egress.client import Answer


@dataclass(frozen=True)
class Outgoing:
    """A request that is ready to leave."""

    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Kind:
    """One kind of receiver; apps register an instance of a subclass from `ready()`.

    code, label  what is stored, and what people call it
    help         how to find the address, shown in the form
    makes_secret whether the product makes the secret (else the other system gives it, or there is none)
    is_robot     writes sentences into a group chat: language and team can be chosen
    """

    code = ""
    label: Any = ""
    help: Any = ""
    makes_secret = False
    is_robot = False

    def choices(self) -> list[tuple[str, Any]]:
        """What such a receiver can be told of: stored value and words."""
        return []

    def words(self) -> dict[str, Any]:
        """The words of whatever a receiver may have been told of, also of what is not offered at present."""
        return dict(self.choices())

    def compose(self, receiver: Any, message: Any) -> Outgoing:
        raise TypeError(f"{type(self).__name__} does not say how a message looks")

    def problem(self, answer: Answer) -> str:
        """Why the receiver has not taken the message; "" when it has."""
        return "" if answer.ok else f"HTTP {answer.status}"

    def is_gone(self, answer: Answer) -> bool:
        """Whether the receiver asks never to be spoken to again."""
        return answer.status == 410


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    _kinds[kind.code] = kind


def kind_of(code: str) -> Kind:
    """The registered kind; KeyError for one that no app declares."""
    return _kinds[code]


def all_kinds() -> list[Kind]:
    return list(_kinds.values())
