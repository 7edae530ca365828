"""The text of rebate programmes: reading YAML, checking it against the schema, and what it means in figures.

A policy is stored normalised: defaults left out, decimals and rates as text ("0.025"). `docs/programme.schema.json`
describes the whole of it; `uncomputed()` names what this release does not calculate.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError

from prm.configuration.text import sentence
from rebates.contradictions import contradictions

SCHEMA = Path(__file__).parent.parent / "docs" / "programme.schema.json"
PLAIN_KEYS = ("code", "name", "name_zh", "from", "until")
DEFAULTS: dict[str, Any] = {
    "counts": "own",
    "date_basis": "booking",
    "period": "month",
    "cumulative": False,
    "amount_basis": "net",
    "exchange": "none",
    "tier_on": "period_end",
    "joining": "whole",
    "measure": "amount",
    "returns": "by_booking",
}
# The same inside parts of a policy; a text may write them out.
USUAL_PARTS: dict[str, dict[str, Any]] = {
    "rounding": {"on": "total", "mode": "half_up"},
    "stacking": {"kind": "additive"},
    "baseline": {"kind": "prior_period", "new_partner": "skip"},
    "who": {"as": "individual"},
}
DISPUTE_DAYS = 30  # after the statement, where a policy states none
# What this release calculates; every other choice of the schema is refused by its name.
COMPUTED: dict[str, tuple[Any, ...]] = {
    "counts": ("own", "credited"),
    "date_basis": ("booking", "order", "shipment", "payment"),
    "cumulative": (False, True),
    "amount_basis": ("net", "gross"),
    "exchange": ("none", "booking_date", "period_end"),
    "tier_on": ("period_end", "line_date"),
    "joining": ("whole", "by_days"),
    "measure": ("amount", "quantity"),
    "returns": ("by_booking", "by_origin", "at_original_rate"),
}
MECHANISMS = (
    *(
        "marginal",
        "retroactive",
        "retroactive_from_floor",
        "flat",
        "per_unit",
        "per_unit_stepped",
        "lump_sum",
    ),
    *("growth", "target", "linear", "per_increment", "mix", "bundle", "spif", "formula"),
)
DECIMALS = {
    *(
        "from",
        "rate",
        "amount",
        "floor",
        "first_rate",
        "at",
        "increment",
        "quantity",
        "target",
        "at_least",
        "factor",
    ),
    "minimum_payout",
    "tax_rate",
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. A file names its `path`; a form shows `words` at the field that stands for it."""

    path: tuple[str | int, ...]  # ("programmes", 0, "mechanism", "bands", 1, "from")
    words: str  # a sentence in the reader's language that names no place
    detail: str = ""  # what the schema says, for whoever writes the file
    plain: str = ""  # the same in the reader's language

    def __str__(self) -> str:
        return f"{self.place}: {self.detail or self.words}"

    @property
    def place(self) -> str:
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return place.removeprefix(".") or "file"


class PolicyProblem(ValueError):
    """The text is not a programme file. `problems` are sentences, each naming the place; `found` keeps the parts."""

    def __init__(self, problems: Sequence[str | Problem]):
        self.found = [one for one in problems if isinstance(one, Problem)]
        self.problems = [str(one) for one in problems]
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True)
class ProgrammeText:
    """One entry of a programme file, checked and normalised."""

    code: str
    name: str
    name_zh: str
    starts: date
    until: date | None
    policy: dict[str, Any]


class _ExactConstructor(SafeConstructor):
    """0.025 stays the decimal that was typed."""

    def construct_yaml_float(self, node: Any) -> Decimal:
        return Decimal(str(self.construct_scalar(node)).replace("_", ""))


_ExactConstructor.add_constructor("tag:yaml.org,2002:float", _ExactConstructor.construct_yaml_float)


def read_yaml(text: str) -> list[ProgrammeText]:
    """The programmes of a file that begins `schema: 1`. Raises PolicyProblem with every problem found."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _ExactConstructor
    try:
        document = yaml.load(text)
    except (YAMLError, ArithmeticError, ValueError) as problem:
        raise PolicyProblem([f"This is not YAML: {problem}"]) from problem
    return read_document(document)


def read_document(document: Any) -> list[ProgrammeText]:
    """The same from data that is already parsed."""
    plain = _plain(document)
    problems = [_problem(error) for error in _validator().iter_errors(plain)]
    if problems:
        raise PolicyProblem(problems)
    texts = [_text(entry, ("programmes", index)) for index, entry in enumerate(plain["programmes"])]
    seen = {(text.code, text.starts) for text in texts}
    if len(seen) < len(texts):
        raise PolicyProblem(["Two entries have the same code and first day."])
    return sorted(texts, key=lambda text: (text.code, text.starts))


@functools.cache
def _validator() -> Any:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _problem(error: Any) -> Problem:
    """What the schema refuses; inside a choice of mechanisms, the problem of the one that was named."""
    path = tuple(error.absolute_path)
    if error.context and isinstance(error.instance, dict) and "kind" in error.instance:
        kind = error.instance["kind"]
        wanted = [
            inner
            for inner in error.context
            if error.schema["oneOf"][inner.schema_path[0]]["properties"]["kind"]["const"] == kind
        ]
        if wanted:
            return _problem(wanted[0])
        return Problem(path, _("This is not a mechanism."), f"{kind} is not a mechanism")
    return Problem(path, _reason(error.validator), error.message, sentence(error).partition(": ")[2])


def _reason(validator: str) -> str:
    """Why the schema refuses a value, for somebody who filled in a form."""
    if validator in ("maxLength", "maximum", "maxItems"):
        return _("This is too long or too large.")
    if validator in ("minLength", "minimum", "minItems", "required"):
        return _("This is missing or too small.")
    return _("This is not written as a programme can keep it. Write it shorter or plainer.")


def _text(entry: dict[str, Any], place: tuple[str | int, ...]) -> ProgrammeText:
    policy = {key: value for key, value in entry.items() if key not in PLAIN_KEYS}
    policy = {key: value for key, value in _normal(policy).items() if value != DEFAULTS.get(key, ...)}
    policy["period"] = entry.get("period", "month")
    try:
        starts = date.fromisoformat(entry["from"])
        until = date.fromisoformat(entry["until"]) if entry.get("until") else None
    except ValueError as problem:
        raise PolicyProblem([Problem(place, _("This day does not exist."), str(problem))]) from problem
    problems = [Problem((*place, *path), words) for path, words in contradictions(policy)]
    if problems:
        raise PolicyProblem(problems)
    if until and until < starts:
        raise PolicyProblem([Problem((*place, "until"), _("The last day lies before the first."))])
    return ProgrammeText(entry["code"], entry["name"], entry.get("name_zh", ""), starts, until, policy)


def _normal(value: Any, key: str = "") -> Any:
    """Decimals as text without needless zeros; "2%" as "0.02". Codes and texts stay as typed."""
    if isinstance(value, dict):  # own targets stand by the partners' numbers
        return {
            inner: _normal(item, "target" if key == "targets" else inner) for inner, item in value.items()
        }
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if key not in DECIMALS:
        return value
    share = isinstance(value, str) and value.endswith("%")
    number = Decimal(str(value).removesuffix("%"))
    text = format((number / 100 if share else number).normalize(), "f")
    return "0" if text == "-0" else text


def as_partners_read(policy: dict[str, Any]) -> dict[str, Any]:
    """A policy as a partner may have it: neither which others take part nor what it may cost is any of its business.

    Its own target is told by `own_targets.policy_of`, before.
    """
    who = {name: part for name, part in policy.get("who", {}).items() if name != "partners"}
    rest = {name: part for name, part in policy.items() if name not in ("who", "budget")}
    rest["mechanism"] = {name: part for name, part in policy["mechanism"].items() if name != "targets"}
    return rest | ({"who": who} if who else {})


def spelled_alike(policy: dict[str, Any]) -> dict[str, Any]:
    """A policy without the usual choices that its text may or may not write out: two that say the same are the same."""
    found = {key: part for key, part in policy.items() if key != "period" and part != DEFAULTS.get(key, ...)}
    for key, usual in USUAL_PARTS.items():
        if isinstance(found.get(key), dict):
            found[key] = {name: one for name, one in found[key].items() if one != usual.get(name, ...)}
    return {key: part for key, part in found.items() if part not in ({}, [])} | {"period": policy["period"]}


# What is not computed


def uncomputed(policy: dict[str, Any]) -> list[str]:
    """Names of what the policy asks for and this release does not calculate, such as `growth`."""
    return list(_uncomputed(policy))


def _uncomputed(policy: dict[str, Any]) -> Iterator[str]:
    mechanism = policy["mechanism"]
    if mechanism["kind"] not in MECHANISMS:
        yield mechanism["kind"]
    if mechanism["kind"] == "marginal" and policy.get("measure") == "quantity":
        yield "marginal by quantity"
    for key, choices in COMPUTED.items():
        value = policy.get(key, DEFAULTS[key])
        if value not in choices:
            yield key if value is True else str(value)
    if "order" in policy.get("stacking", {}):
        yield "stacking order"
