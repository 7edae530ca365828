"""What views hand to components: plain values with names."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One of 2–5 figures of a strip: `value` as it is shown (`|money_short` is safe text), `note` compares in words."""

    label: Any
    value: Any
    note: Any = ""
    tone: str = ""  # of the note: ok, warn, bad or ""
    href: str = ""


@dataclass(frozen=True)
class Fact:
    """A label and its value; `href` opens it."""

    label: Any
    value: Any
    href: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Verb:
    """A decision: `post` is sent as a form with one press, `href` opens a page that asks for more.

    primary  the one next action      final  a refusal: far right, red
    key      its single key           note   what it does, for the phone's sheet
    why_not  the reason why it is off now
    ask      what is lost by it: a `post` with one is sent only after a dialog has said so
    """

    label: Any
    href: str = ""
    post: str = ""
    icon: str = "check"
    primary: bool = False
    final: bool = False
    key: str = ""
    note: Any = ""
    why_not: Any = ""
    ask: Any = ""


@dataclass(frozen=True)
class Happening:
    """A line of a timeline."""

    at: datetime
    text: Any
    who: Any = ""
    tone: str = ""
    reason: Any = ""


@dataclass(frozen=True)
class Stage:
    """A named step of a job or run; state: done, now or later."""

    label: Any
    state: str = "later"


@dataclass(frozen=True)
class Match:
    """A column of the evidence table: another record against ours."""

    kind: Any
    name: Any
    href: str = ""
    score: Any = ""
    tone: str = "warn"


@dataclass(frozen=True)
class Evidence:
    """A row of the evidence table: our value, each match's value, why it counts and how much."""

    label: Any
    own: Any
    others: tuple
    why: Any = ""
    weight: Any = ""
