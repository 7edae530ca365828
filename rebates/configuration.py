"""The rebate programmes in the configuration as text, in the words of `programmes apply`."""

from __future__ import annotations

import json
from typing import Any

from prm.configuration.errors import ConfigurationProblem
from prm.configuration.registry import section
from prm.values.actor import Actor
from rebates.exchange import draft_entries, entries
from rebates.policy import SCHEMA, PolicyProblem, read_document
from rebates.services.programmes import apply_drafts, apply_programmes

_file = json.loads(SCHEMA.read_text(encoding="utf-8"))


@section(
    "programmes",
    order=60,
    comment=(
        "Rebate programmes that are published, version by version, as docs/reference/programmes.md describes them.\n"
        "A version that is not named stays; one that has been settled never changes. Drafts are exported only when\n"
        "asked for, as programme_drafts."
    ),
    schema={"type": "array", "items": _file["properties"]["programmes"]["items"], "$defs": _file["$defs"]},
)
class Programmes:
    def export(self) -> list[dict[str, Any]]:
        return entries()

    def apply(self, wanted: list[dict[str, Any]], *, by: Actor) -> None:
        if not wanted:
            return
        try:
            apply_programmes(texts=read_document({"schema": 1, "programmes": wanted}), by=by)
        except PolicyProblem as problem:
            raise ConfigurationProblem([f"programmes: {line}" for line in problem.problems]) from problem


@section(
    "programme_drafts",
    order=61,
    comment=(
        "Versions of rebate programmes that nobody has published: nothing accrues by them. One that is not named\n"
        "stays."
    ),
    schema={"type": "array", "items": _file["properties"]["programmes"]["items"], "$defs": _file["$defs"]},
    drafts=True,
)
class ProgrammeDrafts:
    def export(self) -> list[dict[str, Any]]:
        return draft_entries()

    def unpublished(self) -> list[str]:
        return [f"programmes[{entry['code']} {entry['from']}]" for entry in self.export()]

    def apply(self, wanted: list[dict[str, Any]], *, by: Actor) -> None:
        if not wanted:
            return
        try:
            apply_drafts(texts=read_document({"schema": 1, "programmes": wanted}), by=by)
        except PolicyProblem as problem:
            raise ConfigurationProblem(
                [f"programme_drafts: {line}" for line in problem.problems]
            ) from problem
