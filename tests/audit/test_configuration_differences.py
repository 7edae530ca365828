"""The trail of working time, flows, forms, roles: what differs, in the reader's language, never raw data."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from prm.accounts.services.roles import save_role
from prm.approvals.services.hours import add_day, set_hours
from prm.approvals.services.installing import install_flow
from prm.audit.history import changes_of
from prm.audit.models import AuditEntry
from prm.customfields import form_services
from tests.approvals.flows import ADMINS, MANAGER, approver

pytestmark = pytest.mark.django_db
WEEK = {day: "09:00-18:00" if day < 5 else "" for day in range(7)}


def told(verb: str, language: str = "en") -> list[str]:
    """The lines of the newest entry of this kind, as a reader of `language` has them."""
    entry = AuditEntry.objects.filter(verb=verb).latest("id")
    with translation.override(language):
        return [one["text"] for one in changes_of(entry)]


def test_working_time_says_which_days_are_otherwise(administrator):
    usual = {day: "09:00-12:00, 13:00-18:00" if day < 4 else "" for day in range(7)}
    set_hours(week=usual, by=administrator)  # the usual week was in force until then
    assert told("hours_changed") == ["Friday 09:00-12:00, 13:00-18:00 → closed"]
    set_hours(week=WEEK, by=administrator)
    set_hours(week={**WEEK, 0: "", 5: "10:00-12:00, 13:00-15:00"}, by=administrator)
    assert told("hours_changed") == [
        "Monday 09:00-18:00 → closed", "Saturday closed → 10:00-12:00, 13:00-15:00"
    ]  # fmt: skip
    assert told("hours_changed", "zh-hans") == [
        "星期一 09:00-18:00 → 休息",
        "星期六 休息 → 10:00-12:00, 13:00-15:00",
    ]
    add_day(day=date(2026, 10, 1), name="National Day", by=administrator)
    assert any("National Day" in line for line in told("created"))


def test_a_flow_says_step_by_step_what_is_otherwise(administrator, browse):
    def install(*steps):
        document = {"schema": 1, "subject": "deal", "name": "Deals", "steps": list(steps)}
        install_flow(data=document, by=administrator)

    install(approver("owner", MANAGER))
    install(approver("owner", MANAGER), approver("director", ADMINS))
    lines = told("published")
    assert any("Added" in line and "“Director”" in line for line in lines), lines
    assert not any("schema:" in line or "kind:" in line for line in lines)
    assert any("已新增" in line or "新增" in line for line in told("published", "zh-hans"))
    install(approver("owner", MANAGER))
    assert any("Deleted" in line and "“Director”" in line for line in told("published"))
    entry = AuditEntry.objects.filter(verb="published").latest("id")
    page = browse(administrator).get(f"/settings/audit/{entry.pk}/")
    assert "Deleted:" in page.content.decode()


def test_a_form_says_which_fields_came_and_how_they_are_ruled_now(administrator):
    from prm.customfields.services import create_field

    create_field(
        target="deal", code="rival", kind="text", label="Competitor", label_zh="竞争对手", by=administrator
    )
    plain = {"schema": 1, "sections": [{"title": "Deal", "title_zh": "商机", "columns": 1, "fields": [
        {"field": name} for name in _locked_names()]}]}  # fmt: skip
    form_services.install_layout(target="deal", document=plain, by=administrator)
    more = {"schema": 1, "sections": [{**plain["sections"][0], "fields": [
        *plain["sections"][0]["fields"], {"field": "custom_rival", "required": True}]}]}  # fmt: skip
    form_services.install_layout(target="deal", document=more, by=administrator)
    (line,) = [one for one in told("form_published") if "Competitor" in one]
    assert "“Competitor” added" in line and "custom_rival" not in line
    assert any("竞争对手" in one for one in told("form_published", "zh-hans"))
    more["sections"][0]["fields"][-1] = {"field": "custom_rival"}
    form_services.install_layout(target="deal", document=more, by=administrator)
    assert any("“Competitor”: required: yes → no" in one for one in told("form_published")), told(
        "form_published"
    )


def _locked_names() -> list[str]:
    from prm.customfields import targets
    from prm.customfields.plans import elements_of

    return [name for name, element in elements_of(targets.find("deal"), "").items() if not element.custom]


def test_a_role_says_what_it_may_now_and_no_longer_in_words(administrator):
    role = save_role(role=None, code="desk", name="Desk", base="channel_manager",
                     verbs=["partners.view", "partners.edit"], by=administrator)  # fmt: skip
    save_role(role=role, code="desk", name="Desk", base="channel_manager", verbs=["partners.view", "partners.export"],
              by=administrator)  # fmt: skip
    lines = told("own_role_changed")
    assert "may now Export partners" in lines and any("Change partners" in line for line in lines)
