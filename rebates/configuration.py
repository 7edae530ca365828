"""The rebate programmes in the configuration as text, in the words of `programmes apply`."""

from __future__ import annotations

import json
from typing import Any

from prm.configuration.errors import ConfigurationProblem
from prm.configuration.registry import section
from prm.values.actor import Actor
from rebates.exchange import entries
from rebates.policy import SCHEMA, PolicyProblem, read_document
from rebates.services.programmes import apply_programmes

_file = json.loads(SCHEMA.read_text(encoding="utf-8"))


@section(
    "programmes",
    order=60,
    comment=(
        "Rebate programmes that are published, version by version, as docs/reference/programmes.md describes them.\n"
        "A version that is not named stays; one that has been settled never changes."
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
