"""Programmes as text that `programmes apply` reads back."""

from __future__ import annotations

from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from rebates.models import Programme, Version
from rebates.policy import as_partners_read
from rebates.services.programmes import text_of


def as_yaml(programme: Programme) -> str:
    """All versions of a programme, its draft as well: read back, what is published stays and the rest is the draft."""
    versions = programme.versions.order_by("starts", "number")
    return _written({"schema": 1, "programmes": [_entry(version) for version in versions]})


def version_as_yaml(version: Version, *, for_partners: bool = False) -> str:
    """One version's entry by itself, to be held against another's; `for_partners` without what is not theirs."""
    entry = _entry(version)
    return _written(as_partners_read(entry) if for_partners else entry)


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
