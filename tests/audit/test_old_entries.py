"""Entries of before their kind had words of its own: read as words, with names of fields, never as raw data."""

from __future__ import annotations

import pytest
from django.utils import translation

from prm.approvals.models import WorkingTime
from prm.audit.history import changes_of, history_of
from prm.audit.models import AuditEntry
from prm.audit.services import record
from prm.automations.models import Automation

pytestmark = pytest.mark.django_db
OLD_WEEK = {"0": [["09:00", "12:00"], ["13:00", "18:00"]], "1": [["09:00", "18:00"]]}
NEW_WEEK = {"0": [["09:00", "12:00"], ["13:00", "18:00"]], "5": [["10:00", "12:00"]]}


def told(entry: AuditEntry, language: str = "en") -> list[str]:
    entry.refresh_from_db()
    with translation.override(language):
        return [one["text"] for one in changes_of(entry)]


def test_hours_that_were_kept_as_data_are_told_by_weekday(administrator):
    entry = record(
        WorkingTime(pk=1), "hours_changed", by=administrator, changes={"hours": [OLD_WEEK, NEW_WEEK]}
    )
    assert told(entry) == ["Tuesday 09:00-18:00 → closed", "Saturday closed → 10:00-12:00"]
    assert told(entry, "zh-hans") == ["星期二 09:00-18:00 → 休息", "星期六 休息 → 10:00-12:00"]


@pytest.mark.parametrize(
    "write", [lambda value: value, __import__("json").dumps, str], ids=["data", "json", "text"]
)
def test_data_is_told_part_by_part_with_the_names_of_fields(acme, administrator, browse, write):
    old = {"region": "East", "kind": "reseller", "tags": ["a", "b"], "more": {"phone": "1"}}
    new = {"region": "West", "kind": "reseller", "tags": ["a"], "more": {"phone": "2"}}
    pair = [write(old), write(new)]
    entry = AuditEntry.objects.create(
        at=record(acme.row, "edited", by=administrator).at, verb="edited", object_type="partners.partner",
        object_id=str(acme.row.pk), object_label=acme.name, partner_id=acme.row.pk, actor_kind="user",
        actor_label="Gao Ning", changes={"facts": pair},
    )  # fmt: skip
    assert sorted(told(entry)) == [
        "facts · more · phone 1 → 2", "facts · region East → West", "facts · tags a, b → a"
    ]  # fmt: skip
    assert "地区" in " ".join(told(entry, "zh-hans"))
    lists = browse(administrator).get("/settings/audit/?verb=edited").content.decode()
    page = browse(administrator).get(f"/settings/audit/{entry.pk}/").content.decode()
    story = history_of(acme.row, administrator)[0].text
    for text in (lists, page, story):
        assert "East" in text and "{" not in text.split("<main", 1)[-1].split("</main", 1)[0].replace(
            "{{", ""
        )


def test_fields_of_a_form_that_were_kept_by_code_are_told_by_name(administrator):
    from prm.customfields.models import FormLayout
    from prm.customfields.services import create_field

    create_field(
        target="deal", code="rival", kind="text", label="Competitor", label_zh="竞争对手", by=administrator
    )
    pair = ["customer_name, estimated_value", "customer_name, custom_rival, custom_gone"]
    entry = record(
        FormLayout(pk=1, target="deal"), "form_published", by=administrator, changes={"fields": pair}
    )
    lines = told(entry)
    assert lines[:2] == ["“Competitor” added", "“gone” added"] and lines[2].endswith("taken off")
    assert "estimated_value" not in lines[2] and "竞争对手" in told(entry, "zh-hans")[0]


def test_what_was_begun_and_what_is_gone_are_told_too(administrator):
    condition = '{"all": [{"field": "estimated_value", "op": "at_least", "value": "500000"}]}'
    entry = record(
        Automation(pk=1, name="A"), "changed", by=administrator, changes={"condition": ["", condition]}
    )
    (field, op, value) = told(entry)
    assert value.endswith("500000") and not any(mark in " ".join((field, op, value)) for mark in '{}[]"')
    beside = record(
        Automation(pk=1, name="A"), "changed", by=administrator, changes={"condition": ["Always", condition]}
    )
    (line,) = told(beside)
    assert line.startswith("condition Always → ") and "{" not in line
    odd = record(
        Automation(pk=1, name="A"), "changed", by=administrator, changes={"name": ["[draft]", "{x}"]}
    )
    assert told(odd) == ["name [draft] → {x}"]
