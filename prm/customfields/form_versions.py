"""The versions of a form: which there were, what each changed, and what differs between two."""

from __future__ import annotations

import difflib
import io
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.http import Http404
from ruamel.yaml import YAML

from prm.customfields import form_differences, layouts, targets
from prm.customfields.models import FormLayout

State = FormLayout.State


@dataclass(frozen=True)
class Version:
    """A version as its list shows it: `changes` from the one before, `until` when the next one took its place."""

    form: FormLayout
    changes: list[str]
    is_first: bool
    until: datetime | None


def versions_of(target: str, variant: str, role: str) -> list[FormLayout]:
    """All versions of one form, the newest first."""
    return list(FormLayout.objects.filter(target=target, variant=variant, role=role).order_by("-version"))


def told(forms: list[FormLayout]) -> list[Version]:
    """The versions, of one form and the newest first, with what each changed."""
    found: list[Version] = []
    known = form_differences.Known(targets.find(forms[0].target)) if forms else None
    until: datetime | None = None
    for form, before in pairwise([*forms, None]):
        assert form is not None
        changes = form_differences.between(before, form, known) if before else []
        found.append(Version(form, changes, before is None, until if form.state == State.RETIRED else None))
        until = form.published_at or until
    return found


def chosen(forms: list[FormLayout], number: str, otherwise: int) -> FormLayout:
    """The version that was asked for, or the one at place `otherwise`; 404 where there is none."""
    if number:
        found = next((form for form in forms if str(form.version) == number), None)
    else:
        found = forms[otherwise] if len(forms) > otherwise else None
    if found is None:
        raise Http404
    return found


def text_difference(old: FormLayout, new: FormLayout) -> list[str]:
    """The two as text, line by line, as `diff -u` writes it."""
    was, now = (as_text(form).splitlines() for form in (old, new))
    return list(difflib.unified_diff(was, now, str(old.version), str(new.version), lineterm="", n=2))


def as_text(form: FormLayout) -> str:
    """The form as YAML, the same for the same form."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 110
    out = io.StringIO()
    yaml.dump(layouts.tidy(form.document)["sections"], out)
    return out.getvalue()
