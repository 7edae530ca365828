"""Programmes as text that `programmes apply` reads back."""

from __future__ import annotations

from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from rebates.mechanisms import partners_named
from rebates.models import Programme, Version
from rebates.policy import as_partners_read, spelled_alike
from rebates.services.programmes import text_of


def as_yaml(programme: Programme) -> str:
    """All versions of a programme, its draft as well: read back, what is published stays and the rest is the draft."""
    versions = programme.versions.order_by("starts", "number")
    return _written({"schema": 1, "programmes": [_entry(version) for version in versions]})


def version_as_yaml(version: Version, *, for_partners: bool = False, spelled_out: bool = True) -> str:
    """One version's entry by itself; `for_partners` without what is not theirs.

    To be held against another's not `spelled_out`: a usual choice that only one of the texts writes is no difference.
    """
    entry = _entry(version)
    if for_partners:
        return _written(_with_who(as_partners_read(entry), version.policy))
    return _written(entry if spelled_out else spelled_alike(entry))


def _with_who(entry: dict[str, Any], policy: dict[str, Any]) -> dict[str, Any]:
    """With who takes part in its place, also where that is everybody; single partners are counted, never named."""
    chosen = len(partners_named(policy) or [])
    who = entry.get("who", {}) | ({"chosen_partners": chosen} if chosen else {})
    rest = [(name, part) for name, part in entry.items() if name != "who"]
    place = next((at for at, (name, _part) in enumerate(rest) if name == "period"), len(rest) - 1) + 1
    return dict([*rest[:place], ("who", who or "all partners"), *rest[place:]])


def _written(document: dict[str, Any]) -> str:
    out, yaml = StringIO(), YAML()
    yaml.default_flow_style, yaml.allow_unicode, yaml.width = False, True, 110
    yaml.indent(mapping=2, sequence=4, offset=2)  # as the configuration as text is written
    yaml.dump(document, out)
    return out.getvalue()


def entries() -> list[dict[str, Any]]:
    """Every published version as an entry of a programme file, by code and first day."""
    rows = Version.objects.published().select_related("programme").order_by("programme__code", "starts")
    return [_entry(version) for version in rows]


def draft_entries() -> list[dict[str, Any]]:
    """Every version that is not published, also one that waits for it."""
    rows = Version.objects.exclude(state=Version.State.PUBLISHED).select_related("programme")
    return [_entry(version) for version in rows.order_by("programme__code", "starts", "number")]


def _entry(version: Any) -> dict[str, Any]:
    text = text_of(version)
    entry: dict[str, Any] = {"code": text.code, "name": text.name}
    if text.name_zh:
        entry["name_zh"] = text.name_zh
    entry["from"] = text.starts.isoformat()
    if text.until:
        entry["until"] = text.until.isoformat()
    return entry | text.policy
