"""Exporting, comparing and applying a tenant's configuration.

Guarantee: a dry run applies everything and rolls it back, so it shows what applying does and refuses what applying
refuses; applying is one transaction; applying the same text again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_tenants.utils import get_tenant_model, schema_context

from prm.access import permissions
from prm.access.rules import require
from prm.audit.services import record
from prm.configuration import registry, text
from prm.configuration.differences import Difference, between
from prm.configuration.errors import ChangedMeanwhile, ConfigurationProblem
from prm.values.actor import Actor


class Found(list[Difference]):
    """What differs; `notes` say what somebody has to do or know then, `effects` (of a dry run) what it had meant for
    the last cases."""

    notes: list[str]
    effects: list[str]

    def __init__(
        self, differences: Iterable[Difference], notes: Iterable[str] = (), effects: Iterable[str] = ()
    ) -> None:
        super().__init__(differences)
        self.notes, self.effects = list(notes), list(effects)


class _DryRun(Exception):
    """Rolls back what a dry run did."""


def export_text(*, drafts: bool = False, by: Actor) -> str:
    """Everything that is configured in the current tenant, as YAML; the taking away stands in the audit trail.

    `drafts` takes along what is not published yet.
    """
    require(by, "configuration.export")
    sections = registry.sections(drafts=drafts)
    written = text.write(_values(sections), sections)
    record(
        None, "exported", by=by, label=gettext_lazy("Configuration as text"),
        changes={
            "what": [None, gettext_lazy("with drafts") if drafts else gettext_lazy("what is in force")],
            "sections": [None, len(sections)],
            "size": [None, f"{len(written.encode()) / 1000:,.1f} kB"],
        },
    )  # fmt: skip
    return written


def current_text(*, drafts: bool = False) -> str:
    sections = registry.sections(drafts=drafts)
    return text.write(_values(sections), sections)


def _values(sections: list[registry.Section]) -> dict[str, Any]:
    return {one.name: one.handler.export() for one in sections}


def plan(*, source: str, by: Actor) -> Found:
    """What applying `source` would change, and nothing changed. Raises ConfigurationProblem."""
    require(by, "configuration.apply")
    found = Found([])
    try:
        with _located(source), transaction.atomic(), registry.trial():
            found = _apply(text.read(source), by)
            raise _DryRun
    except _DryRun:
        pass
    finally:
        _take_back()
    return found


def apply(*, source: str, expected: str = "", by: Actor) -> Found:
    """Make the current tenant's configuration what `source` says. Returns what changed.

    `expected` is the fingerprint of the differences that a person agreed to; others are refused.
    """
    require(by, "configuration.apply")
    with _located(source):
        wanted = text.read(source)
    try:
        with _located(source), transaction.atomic():
            found = _apply(wanted, by)
            if expected and fingerprint(found) != expected:
                raise ChangedMeanwhile()
            if found:
                changes: dict[str, list[Any]] = {
                    "sections": [None, ", ".join(wanted)],
                    "differences": [None, len(found)],
                    "sha256": [None, hashlib.sha256(source.encode()).hexdigest()],
                }
                record(None, "configuration_applied", by=by, changes=changes)
        registry.forget_undo()
    except Exception:
        _take_back()
        raise
    return found


@contextmanager
def _located(source: str) -> Iterator[None]:
    """What cannot be applied is told with its line in the text."""
    try:
        yield
    except ConfigurationProblem as problem:
        raise ConfigurationProblem(text.located(problem.problems, source)) from problem


def fingerprint(differences: Iterable[Difference]) -> str:
    listed = json.dumps([one.as_json() for one in differences], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(listed.encode()).hexdigest()


def _apply(wanted: dict[str, Any], by: Actor) -> Found:
    """Apply the sections in their order; what differs is read off the exports before and after."""
    registry.taken_notes()
    registry.taken_effects()
    registry.forget_end()
    before = _values(registry.all_sections())
    for one in registry.all_sections():
        if one.name not in wanted:
            continue
        if one not in registry.sections():
            raise ConfigurationProblem(
                [_("%(place)s: belongs to a module that is off") % {"place": one.name}]
            )
        with registry.at(one.name):
            one.handler.apply(wanted[one.name], by=_as_now(by))
    registry.finish()
    after = _values(registry.all_sections())
    return Found(between(before, after), registry.taken_notes(), registry.taken_effects())


def _as_now(by: Actor) -> Actor:
    """The person with the verbs of the modules that are on by now."""
    if by.kind != "user":
        return by
    return by.with_(permissions=permissions.of_person(get_user_model()._default_manager.get(pk=by.user_id)))


def _take_back() -> None:
    """What the rollback did not: files, and the tenant that this connection holds."""
    registry.undo()
    schema = connection.schema_name
    with schema_context("public"):
        stored = get_tenant_model().objects.filter(schema_name=schema).first()
    if stored is not None:
        connection.set_tenant(stored)
