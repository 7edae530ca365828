"""The versions of a form: who changed what and when, what differs between two, and the way back to an earlier one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prm.audit.models import AuditEntry
from prm.customfields import form_services, services
from prm.customfields.models import FormLayout
from tests.customfields.test_rule_subjects import LOCKED

pytestmark = pytest.mark.django_db
OVER = {"field": "estimated_value", "op": "more_than", "value": "500000"}
GOLD = {"field": "partner.tier", "op": "is", "value": "gold"}
WHERE = {"role": "partner"}
# What stands on a partner's form whatever the tenant wants.
ALL = [name for name in LOCKED if name != "partner"]


@pytest.fixture
def boss(browse, administrator):
    return browse(administrator)


@pytest.fixture
def form(field, administrator):
    """`form({"field": …}, title="…")` publishes a version of the partners' form of deals."""
    field("deal", "rival", label="Rival")

    def publish(*places, title="All"):
        fields = [{"field": name} for name in ALL] + list(places)
        document = {"schema": 1, "sections": [{"title": title, "columns": 1, "fields": fields}]}
        form_services.save_layout(target="deal", document=document, by=administrator, **WHERE)
        return form_services.publish_layout(target="deal", by=administrator, **WHERE)

    return publish


@pytest.fixture
def two(form):
    form({"field": "custom_rival", "required": True})
    form({"field": "custom_rival", "shown": OVER}, {"field": "phone"}, title="What we ask")


def test_the_list_says_who_changed_what_in_words(two, boss, administrator):
    page = boss.get("/settings/forms/deal/versions/", WHERE).content.decode()
    assert "Version 1" in page and "Version 2" in page and administrator.label in page
    assert "“Phone” added" in page and "section “What we ask” added" in page
    assert "“Rival”: shown: always → when Estimated value is more than ¥500,000" in page
    assert "“Rival”: required: yes → no" in page
    assert "No version yet" in boss.get("/settings/forms/deal/versions/").content.decode()


def test_the_list_of_versions_costs_the_same_however_many_there_are(form, boss):
    cost = []
    for number in range(6):
        form({"field": "custom_rival", "shown": GOLD if number % 2 else OVER})
        if number in (1, 5):
            boss.get("/settings/forms/deal/versions/", WHERE)
            with CaptureQueriesContext(connection) as seen:
                boss.get("/settings/forms/deal/versions/", WHERE)
            cost.append(len(seen))
    assert cost[0] == cost[1]


def test_two_versions_are_compared_in_words_and_as_text(two, boss):
    page = boss.get("/settings/forms/deal/compare/", {**WHERE, "old": 2, "new": 1}).content.decode()
    assert "From version 2 to version 1" in page and "“Phone” taken off" in page
    assert "-      - field: phone" in page and "+        required: true" in page
    assert boss.get("/settings/forms/deal/compare/", {**WHERE, "old": 9}).status_code == 404
    assert boss.get("/settings/forms/deal/compare/").status_code == 404


def test_a_version_is_shown_as_people_met_it(two, boss):
    page = boss.get("/settings/forms/deal/versions/1/", WHERE).content.decode()
    assert "Rival" in page and 'name="phone"' not in page
    assert 'name="phone"' in boss.get("/settings/forms/deal/versions/2/", WHERE).content.decode()
    assert boss.get("/settings/forms/deal/versions/3/", WHERE).status_code == 404


def test_an_earlier_version_is_restored_as_the_draft_and_published_again(two, boss, administrator):
    answer = boss.post("/settings/forms/deal/versions/1/restore/", WHERE)
    assert answer["Location"] == "/settings/forms/deal/?role=partner"
    first, draft = (FormLayout.objects.get(version=number) for number in (1, 3))
    assert (draft.state, draft.document) == ("draft", first.document)
    assert FormLayout.objects.get(state="published").version == 2
    entry = AuditEntry.objects.get(verb="form_restored")
    assert entry.changes["version_restored"] == ["", 1]
    boss.post("/settings/forms/deal/publish/", WHERE)
    assert FormLayout.objects.get(state="published").document == first.document


def test_a_withdrawn_form_comes_back_the_same_way(two, boss, administrator):
    form_services.withdraw_layout(target="deal", by=administrator, **WHERE)
    boss.post("/settings/forms/deal/versions/2/restore/", WHERE)
    assert form_services.publish_layout(target="deal", by=administrator, **WHERE).version == 3


def test_a_restored_version_does_without_fields_that_are_no_more(two, boss, administrator, monkeypatch):
    from datetime import timedelta

    import time_machine

    from prm.customfields.models import CustomField
    from prm.values import clock

    services.delete_field(field=CustomField.objects.get(code="rival"), by=administrator)
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        services.drop_field(field=CustomField.objects.get(code="rival"), by=administrator)
    boss.post("/settings/forms/deal/versions/1/restore/", WHERE)
    assert form_services.publish_layout(target="deal", by=administrator, **WHERE).version == 3


def test_what_an_overwritten_draft_said_is_kept_by_the_audit(two, boss, administrator):
    fields = [{"field": name} for name in [*ALL, "note"]]
    document = {"schema": 1, "sections": [{"title": "Draft", "columns": 1, "fields": fields}]}
    form_services.save_layout(target="deal", document=document, by=administrator, **WHERE)
    assert "restore-1" in boss.get("/settings/forms/deal/versions/", WHERE).content.decode()
    boss.post("/settings/forms/deal/versions/1/restore/", WHERE)
    said = str(AuditEntry.objects.get(verb="form_restored").changes["form"])
    assert "What do they need?” taken off" in said and "Draft" in said


def test_only_administrators_see_and_restore_versions(two, browse, manager, acme):
    for who in (manager, acme.admin):
        client = browse(who)
        assert client.get("/settings/forms/deal/versions/", WHERE).status_code == 403
        assert client.post("/settings/forms/deal/versions/1/restore/", WHERE).status_code == 403


def test_an_unsound_draft_cannot_be_published_and_its_fault_goes_with_what_was_wrong(
    form, boss, administrator
):
    sound = form({"field": "custom_rival"}).document
    broken = {**sound, "sections": [*sound["sections"], {"title": "Extra", "columns": 1, "fields": []}]}
    form_services.save_layout(target="deal", document=broken, by=administrator, **WHERE)
    page = boss.get("/settings/forms/deal/", WHERE).content.decode()
    assert "Section “Extra” is empty" in page and 'disabled aria-describedby="form-why"' in page
    after = boss.post("/settings/forms/deal/publish/", WHERE, follow=True).content.decode()
    assert "The form is not sound" not in after and FormLayout.objects.get(state="published").version == 1
    form_services.save_layout(target="deal", document=sound, by=administrator, **WHERE)
    page = boss.get("/settings/forms/deal/", WHERE).content.decode()
    assert "is empty" not in page and 'aria-describedby="form-why"' not in page


def test_everybodys_form_opens_in_the_built_in_order_beside_a_shorter_one_of_partners(form, boss):
    form()
    page = boss.get("/settings/forms/deal/").content.decode()
    assert "Built in" in page and 'data-place="tax_number"' in page


def test_the_count_says_of_what_it_is(form, boss):
    form()
    page = boss.get("/settings/forms/deal/", WHERE).content.decode()
    assert "4 mandatory fields (at most 6 advised)" in page
