"""Configuration as YAML: written in one stable form with comments, read with every problem named by its place."""

from __future__ import annotations

import functools
import json
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import jsonschema
from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from prm.configuration.errors import ConfigurationProblem
from prm.configuration.registry import Section, all_sections
from prm.values.spelling import nearest

VERSION = 1
MOST_BYTES = 2 * 1024 * 1024
# Eight levels of steps in a flow with a condition of eight levels inside stay below.
DEEPEST = 80
HEAD = """Configuration of a tenant, as `manage.py config export` writes it and `config apply` reads it.
A section that is left out stays as it is; in a section, what is not named is taken away where the comment says so.
JSON Schema: docs/configuration.schema.json"""


class _ExactConstructor(SafeConstructor):
    """0.025 stays the decimal that was typed."""

    def construct_yaml_float(self, node: Any) -> Decimal:
        return Decimal(str(self.construct_scalar(node)).replace("_", ""))


_ExactConstructor.add_constructor("tag:yaml.org,2002:float", _ExactConstructor.construct_yaml_float)


def write(values: dict[str, Any], sections: list[Section]) -> str:
    """The sections in their order, each below its comment."""
    document = CommentedMap({"schema": VERSION})
    for one in sections:
        document[one.name] = _styled(values[one.name])
        document.yaml_set_comment_before_after_key(one.name, before=f"\n{one.comment}")
    document.yaml_set_start_comment(HEAD)
    yaml, out = YAML(), StringIO()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width, yaml.allow_unicode = 110, True
    yaml.dump(document, out)
    lines = (line.rstrip() for line in out.getvalue().splitlines())
    return "\n".join("" if line == "#" else line for line in lines) + "\n"


def _styled(value: Any) -> Any:
    if isinstance(value, dict):
        return CommentedMap({key: _styled(inner) for key, inner in value.items()})
    if isinstance(value, list | tuple):
        return [_styled(inner) for inner in value]
    if isinstance(value, str) and (not value.isprintable() or value != value.strip()):
        return LiteralScalarString(value) if _is_plain(value) else DoubleQuotedScalarString(value)
    return value


def _is_plain(value: str) -> bool:
    """Whether lines of text can stand as they are: no blanks at their ends, nothing that cannot be seen."""
    lines = value.split("\n")
    return len(lines) > 1 and bool(lines[0]) and all(
        line.isprintable() and line == line.rstrip() for line in lines
    ) and not value.startswith(" ")  # fmt: skip


def read(text: str) -> dict[str, Any]:
    """The file's sections by name, checked. Raises ConfigurationProblem with every problem found."""
    if len(text.encode()) > MOST_BYTES:
        raise ConfigurationProblem([_("file: larger than 2 MB")])
    try:
        refuse_tricks(text)
        document = plain(text)
    except (YAMLError, ArithmeticError, ValueError, RecursionError) as problem:
        raise ConfigurationProblem([not_yaml(problem)]) from problem
    errors = sorted(_validator().iter_errors(document), key=lambda error: [str(part) for part in error.path])
    if errors:
        raise ConfigurationProblem(list(dict.fromkeys(sentence(error) for error in _once(errors)[:50])))
    return {name: value for name, value in document.items() if name != "schema"}


def not_yaml(problem: Exception) -> str:
    """Where the text stops being YAML and why, without what the reading program calls the text."""
    words = " ".join(str(getattr(problem, "problem", None) or problem).split())[:300]
    mark = getattr(problem, "problem_mark", None)
    if mark is None:
        return _("file: this is not YAML: %(problem)s") % {"problem": words}
    return _("file: this is not YAML from line %(line)s on: %(problem)s") % {
        "line": mark.line + 1,
        "problem": words,
    }


def _once(errors: list[Any]) -> list[Any]:
    """A key that is merely misspelled is told once, not as missing too."""
    meant = {(tuple(error.path), one) for error in errors for one in _meant(error).values() if one}
    return [error for error in errors if not _is_misspelling(error, meant)]


def _is_misspelling(error: Any, meant: set[tuple[Any, str]]) -> bool:
    if error.validator != "required":
        return False
    missing = [key for key in error.validator_value if key not in error.instance]
    return bool(missing) and all((tuple(error.path), key) in meant for key in missing)


def _meant(error: Any) -> dict[str, str]:
    """What each unknown key was probably meant to be."""
    if error.validator != "additionalProperties" or not isinstance(error.instance, dict):
        return {}
    known = [key for key in error.schema.get("properties", {}) if key not in error.instance]
    unknown = [str(key) for key in error.instance if key not in error.schema.get("properties", {})]
    return {key: nearest(key, known) for key in unknown}


def located(problems: list[str], source: str) -> list[str]:
    """The problems with the line of the text at which each one's place stands."""
    if len(source.encode()) > MOST_BYTES:
        return problems
    try:
        refuse_tricks(source)
        lines = _lines(source)
    except (ConfigurationProblem, YAMLError, ValueError, RecursionError):
        return problems  # what was refused for its tricks is not walked to find their line
    found = []
    for problem in problems:
        place = problem.partition(": ")[0]
        while place and place not in lines:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        line = _("(line %(line)s)") % {"line": lines[place]} if place else ""
        found.append(f"{problem} {line}".rstrip())
    return found


def _lines(source: str) -> dict[str, int]:
    """The line at which each place of the text stands, from 1."""
    found: dict[str, int] = {}

    def walk(node: Any, path: str) -> None:
        for number, part in enumerate(node.value if isinstance(node.value, list) else []):
            if isinstance(part, tuple):
                key, value = part
                place = f"{path}.{key.value}" if path else str(key.value)
                found[place] = key.start_mark.line + 1
            else:
                value, place = part, f"{path}[{number}]"
                found[place] = value.start_mark.line + 1
            walk(value, place)

    root = YAML(typ="safe", pure=True).compose(source)
    if root is not None:
        walk(root, "")
    return found


def plain(text: str) -> Any:
    """What the YAML says, in dicts, lists, text, whole numbers, decimals, True and False."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _ExactConstructor
    return _plain(yaml.load(text))


def refuse_tricks(text: str) -> None:
    """Aliases of aliases would unfold to gigabytes, and deep nesting costs its cube; no export has either."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, AliasEvent):
            line = {"line": event.start_mark.line + 1}
            raise ConfigurationProblem([_("file: aliases (*) cannot be used, line %(line)s") % line])
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            raise ConfigurationProblem([_("file: nested too deeply")])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def schema() -> dict[str, Any]:
    """JSON Schema of the whole file, from what the sections declare."""
    properties: dict[str, Any] = {"schema": {"const": VERSION}}
    shared: dict[str, Any] = {}
    for one in all_sections():
        own = json.loads(json.dumps(one.schema))
        shared |= own.pop("$defs", {})
        properties[one.name] = {"description": one.comment.replace("\n", " "), **own}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "configuration.schema.json",
        "title": "Configuration of a tenant, schema 1",
        "description": "What `manage.py config apply` reads. Later releases add sections and keys and rename none.",
        "type": "object",
        "additionalProperties": False,
        "required": ["schema"],
        "properties": properties,
        "$defs": shared,
    }


@functools.cache
def _validator() -> Any:
    return jsonschema.Draft202012Validator(schema())


def sentence(error: Any) -> str:
    """`tiers[0].rank: …` in the reader's language."""
    place = error.json_path[2:] or "file"
    rule, wanted = error.validator, error.validator_value
    if rule == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = [key for key in error.instance if key not in known]
        text = _("unknown key: %(keys)s") % {"keys": ", ".join(map(str, unknown))}
        if meant := ", ".join(one for one in _meant(error).values() if one):
            text += ". " + _("Did you mean “%(meant)s”?") % {"meant": meant}
    elif rule == "required":
        missing = [key for key in wanted if key not in error.instance]
        text = _("missing: %(keys)s") % {"keys": ", ".join(missing)}
    elif rule == "type":
        text = _("%(value)s is no %(type)s") % {"value": _shown(error.instance), "type": wanted}
    elif rule in ("enum", "const"):
        choices = wanted if rule == "enum" else [wanted]
        text = _("%(value)s is not one of: %(choices)s") % {
            "value": _shown(error.instance),
            "choices": ", ".join(map(str, choices)),
        }
    elif rule in ("oneOf", "anyOf") and error.context:
        return sentence(jsonschema.exceptions.best_match(error.context))
    else:
        text = _("%(value)s is not possible here (%(rule)s %(limit)s)") % {
            "value": _shown(error.instance),
            "rule": rule,
            "limit": wanted,
        }
    return f"{place}: {text}"


def _shown(value: Any) -> str:
    text = str(value)
    return f"“{text}”" if len(text) <= 60 else f"“{text[:57]}…”"
