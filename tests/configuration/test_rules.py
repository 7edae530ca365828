"""Automations, webhooks, robots and letters in the configuration as text."""

from __future__ import annotations

import pytest
from django_tenants.utils import tenant_context

from prm.audit.models import AuditEntry
from prm.automations import people
from prm.automations.models import Action, Automation, Run
from prm.configuration import services
from prm.configuration.errors import ConfigurationProblem
from prm.egress.errors import AddressMissing
from prm.egress.models import Receiver
from prm.egress.services import save_receiver, switch_receiver
from prm.notices import wording
from prm.notices.models import LetterText
from prm.tenancy.module_switch import switch_module
from tests.configuration.office import BY, apply, exported, fresh, here, plan
from tests.egress.conftest import outside
from tests.factories.people import UserFactory

__all__ = ["outside"]
pytestmark = pytest.mark.django_db

LARGE = {"all": [{"field": "estimated_value", "op": "more_than", "value": "500000"}]}
AUTOMATIONS = [
    {"name": "Large deals", "on": True, "event": "dealreg.submitted.v1", "condition": LARGE,
     "actions": [{"kind": "notify", "who": ["role:finance", "managers"], "text": "Look at {object}"},
                 {"kind": "task", "who": ["role:administrator"], "text": "Call {object}", "days": 2},
                 {"kind": "webhook", "webhook": "CRM"}]},
    {"name": "Named accounts", "on": False, "event": "customers.created.v1",
     "actions": [{"kind": "update", "field": "named_account", "value": "True"}]},
]  # fmt: skip
ROBOT = {"name": "Team chat", "kind": "wecom", "language": "zh-hans", "team": "channel_manager",
         "wants": ["dealreg.submitted"]}  # fmt: skip
WORDS = [
    {"letter": "dealreg.submitted", "language": "en", "subject": "New: {number}", "body": "Dear {tenant},\n\na deal."},
    {"letter": "dealreg.submitted", "language": "zh-hans", "subject": "新报备 {number}", "body": "请查看。"},
]  # fmt: skip
LETTERS = {"sender": {"name": "Qudao 渠道", "reply_to": "channel@vendor.example"}, "words": WORDS}


@pytest.fixture
def crm(outside):
    return {"name": "CRM", "kind": "webhook", "address": outside.url, "wants": ["dealreg.submitted.v1"]}


# ---- automations ----


def test_automations_are_made_read_back_and_made_no_second_time(crm):
    apply(webhooks=[crm], automations=AUTOMATIONS)
    assert exported("automations") == AUTOMATIONS
    rows, actions = AuditEntry.objects.count(), list(Action.objects.values_list("pk", flat=True))
    assert apply(webhooks=[crm], automations=AUTOMATIONS) == []
    assert (AuditEntry.objects.count(), list(Action.objects.values_list("pk", flat=True))) == (rows, actions)


def test_another_action_leaves_the_automation_its_log_and_what_is_not_named_goes(crm):
    apply(webhooks=[crm], automations=AUTOMATIONS)
    large = Automation.objects.get(name="Large deals")
    Run.objects.create(automation=large, event_id=1, outcome="done")
    other = {**AUTOMATIONS[0], "actions": AUTOMATIONS[0]["actions"][1:]}
    lines = [one.line for one in apply(automations=[other])]
    assert any(line.startswith("automations[Named accounts]: taken away") for line in lines), lines
    large.refresh_from_db()
    assert large.is_active and large.runs.count() == 1 and not Automation.objects.exclude(pk=large.pk)
    assert exported("automations") == [other]


def test_people_are_named_by_their_address(administrator):
    clerk = UserFactory(finance=True, email="Mei@vendor.example")
    told = {**AUTOMATIONS[0], "actions": [{"kind": "notify", "who": ["Mei@vendor.example"], "text": "x"}]}
    apply(automations=[told])
    assert Action.objects.get().who == [f"user:{clerk.pk}"] and exported("automations") == [told]
    with tenant_context(fresh("people")):
        UserFactory(finance=True)
        with pytest.raises(ConfigurationProblem) as refusal:
            apply(automations=[told])
        assert "automations[0].actions[0].who: “Mei@vendor.example”" in str(refusal.value)


def test_where_no_colleague_has_come_a_text_names_whom_the_automation_tells_from_the_day_they_come(
    administrator, browse
):
    told = {**AUTOMATIONS[0], "actions": [{"kind": "notify", "who": ["Mei@vendor.example"], "text": "x"}]}
    notes = apply(automations=[told]).notes
    assert any("nobody has the address “Mei@vendor.example” yet" in one for one in notes)
    assert exported("automations") == [told] and apply(automations=[told]) == []
    action = Action.objects.get()
    page = browse(administrator).get(
        f"/settings/automations/{action.automation_id}/actions/{action.pk}/edit/"
    )
    assert "Mei@vendor.example" in page.content.decode()
    assert list(people.meant(action.who, None)) == []
    clerk = UserFactory(finance=True, email="mei@vendor.example")
    assert list(people.meant(action.who, None)) == [clerk]
    assert exported("automations") == [told] and apply(automations=[told]) == []


def automation(**changes):
    return [AUTOMATIONS[1] | changes]


WRONG = {
    "automations[0].event: there is no event “x.y.v1”": automation(event="x.y.v1"),
    "automations[0].condition": automation(condition={"field": "nothing", "op": "is", "value": "x"}),
    "automations[0].actions[0].field: The field id can no longer be changed": automation(
        actions=[{"kind": "update", "field": "id", "value": "1"}]
    ),
    "automations[0].actions[0].value": automation(
        actions=[{"kind": "update", "field": "named_account", "value": "perhaps"}]
    ),
    "automations[0].actions[0].who": automation(actions=[{"kind": "notify", "text": "x"}]),
    "automations[0].actions[0].text": automation(
        actions=[{"kind": "notify", "who": ["managers"], "text": "{secret}"}]
    ),
    "“role:boss” is neither": automation(actions=[{"kind": "notify", "who": ["role:boss"], "text": "x"}]),
    "there is no webhook “ERP”": automation(actions=[{"kind": "webhook", "webhook": "ERP"}]),
    "automations[0]: It cannot be switched on: it does nothing yet": automation(on=True, actions=[]),
    "stands there twice": automation() * 2,
}


@pytest.mark.parametrize("sentence", WRONG)
def test_what_is_wrong_with_an_automation_is_named_and_nothing_is_half_applied(sentence, tenant):
    before = services.current_text()
    with pytest.raises(ConfigurationProblem) as refusal:
        apply(working_time={"hours": {"sunday": "10:00-11:00"}}, automations=WRONG[sentence])
    assert sentence in "\n".join(refusal.value.problems)
    assert services.current_text() == before


def test_automations_about_a_module_that_is_off_rest(crm):
    apply(webhooks=[crm], automations=AUTOMATIONS)
    for code in ("claims", "payouts", "rebates", "orders", "dealreg"):
        switch_module(tenant=here(), code=code, on=False, by=BY)
    assert exported("automations") == AUTOMATIONS[1:]
    apply(automations=AUTOMATIONS[1:])
    assert Automation.objects.count() == 2
    with pytest.raises(ConfigurationProblem):
        apply(automations=[{**AUTOMATIONS[0], "name": "More"}, AUTOMATIONS[1]])


# ---- webhooks and robots ----


def test_a_webhook_that_only_flows_write_to_goes_out_and_in_again(outside):
    for_flows = {"name": "Flow: ERP", "kind": "webhook", "address": outside.url, "wants": []}
    assert [one.place for one in apply(webhooks=[for_flows])] == ["webhooks[Flow: ERP]"]
    assert exported("webhooks") == [for_flows]
    assert apply(webhooks=[for_flows]) == []


def test_a_new_webhook_has_a_new_secret_is_off_and_says_so(crm, outside):
    found = apply(webhooks=[crm, ROBOT])
    assert "“CRM” is new and has a new secret" in found.notes[0]
    assert "“Team chat” is new and has no address yet" in found.notes[1]
    rows = {row.name: row for row in Receiver.objects.all()}
    assert rows["CRM"].secret.startswith("whsec_") and rows["CRM"].url == outside.url
    assert not rows["CRM"].is_active and not rows["Team chat"].is_active
    assert exported("webhooks") == [crm, ROBOT]
    assert apply(webhooks=[crm, ROBOT]) == [] and apply(webhooks=[crm, ROBOT]).notes == []
    with tenant_context(fresh("hooks")):
        apply(webhooks=[crm, ROBOT])
        assert Receiver.objects.get(name="CRM").secret != rows["CRM"].secret


def test_the_text_holds_no_secret_and_no_address_of_a_robot(outside):
    made = save_receiver(
        receiver=None, kind="dingtalk", name="Ding", url=f"{outside.url}?access_token=topsecret", secret="SECabc",
        wants=["dealreg.submitted"], language="en", by=BY,
    )  # fmt: skip
    save_receiver(
        receiver=None, kind="webhook", name="CRM", url=outside.url, wants=["dealreg.submitted.v1"], by=BY
    )
    source = services.current_text()
    assert "topsecret" not in source and "SECabc" not in source and "whsec_" not in source
    changed = source.replace("language: en\n    wants", "language: zh-hans\n    wants")
    services.apply(source=changed, by=BY)
    made.refresh_from_db()
    assert made.url.endswith("topsecret") and made.secret == "SECabc" and made.is_active


def test_a_receiver_that_is_not_named_stays_and_a_known_one_keeps_its_secret(crm, outside):
    apply(webhooks=[crm])
    row = Receiver.objects.get()
    secret = row.secret
    switch_receiver(receiver=row, on=True, by=BY)
    found = apply(webhooks=[{**crm, "address": f"{outside.url}/v2"}])
    assert [one.place for one in found] == ["webhooks[CRM].address"] and found.notes == []
    apply(webhooks=[])
    row.refresh_from_db()
    assert row.secret == secret and row.url.endswith("/v2") and row.is_active


def test_a_robot_without_an_address_cannot_be_switched_on(tenant):
    apply(webhooks=[ROBOT])
    with pytest.raises(AddressMissing):
        switch_receiver(receiver=Receiver.objects.get(), on=True, by=BY)


def test_the_page_of_a_new_one_says_what_to_do(crm, administrator, browse):
    apply(webhooks=[crm, ROBOT])
    client = browse(administrator)
    for row in Receiver.objects.all():
        page = client.get(row.get_absolute_url()).content.decode()
        assert "It came with a configuration" in page
        form = client.get(f"{row.get_absolute_url()}edit/").content.decode()
        assert ("keep the address at" in form) == (row.name == "CRM")


HOOK = {"name": "A", "kind": "webhook", "address": "http://127.0.0.1:1/", "wants": ["dealreg.submitted.v1"]}
BAD = {
    "webhooks[0].kind": {**HOOK, "kind": "pigeon"},
    "webhooks[0].address: the address is missing": {key: HOOK[key] for key in ("name", "kind", "wants")},
    "webhooks[0].url": HOOK,
    "webhooks[0].wants: there is no “x”": {**HOOK, "wants": ["x"]},
    "webhooks[0].address: the address of a robot is its key": {**ROBOT, "address": "https://x.example/"},
    "webhooks[0].team: only robots have this": {**HOOK, "team": "finance"},
}


@pytest.mark.parametrize("sentence", BAD)
def test_what_is_wrong_with_a_webhook_is_named(sentence, tenant):
    with pytest.raises(ConfigurationProblem) as refusal:
        apply(webhooks=[BAD[sentence]])
    assert sentence in "\n".join(refusal.value.problems)
    assert not Receiver.objects.exists()


# ---- letters ----


def test_letters_are_worded_and_worded_no_second_time(tenant):
    apply(letters=LETTERS)
    assert exported("letters") == LETTERS and wording.sender().name == "Qudao 渠道"
    rows, changed = AuditEntry.objects.count(), list(LetterText.objects.values_list("changed_at", flat=True))
    assert apply(letters=LETTERS) == []
    assert AuditEntry.objects.count() == rows
    assert list(LetterText.objects.values_list("changed_at", flat=True)) == changed


def test_a_letter_that_is_not_named_has_the_products_words_again(tenant):
    apply(letters=LETTERS)
    lines = [one.line for one in apply(letters={"words": WORDS[:1]})]
    assert lines and lines[0].startswith("letters.words[dealreg.submitted zh-hans]: taken away")
    assert exported("letters") == {**LETTERS, "words": WORDS[:1]}
    apply(letters={"sender": {}})
    assert exported("letters") == {"sender": {}, "words": WORDS[:1]}


@pytest.mark.parametrize(
    ("sentence", "letters"),
    [
        ("there is no letter “poem”", {"words": [{**WORDS[0], "letter": "poem"}]}),
        ("letters.words[0].body", {"words": [{**WORDS[0], "body": "{password}"}]}),
        ("letters.words[1]: the letter", {"words": [WORDS[0], WORDS[0]]}),
        ("letters.words[0].language", {"words": [{**WORDS[0], "language": "fr"}]}),
        ("letters.sender.reply_to", {"sender": {"reply_to": "nobody"}}),
    ],
)
def test_what_is_wrong_with_a_letter_is_named(sentence, letters, tenant):
    before = services.current_text()
    with pytest.raises(ConfigurationProblem) as refusal:
        apply(letters=letters)
    assert sentence in "\n".join(refusal.value.problems)
    assert services.current_text() == before


def test_a_dry_run_makes_nothing(crm):
    rows = AuditEntry.objects.count()
    found = plan(webhooks=[crm], automations=AUTOMATIONS, letters=LETTERS)
    assert found and found.notes
    assert AuditEntry.objects.count() == rows and not Receiver.objects.exists()
    assert not Automation.objects.exists() and not LetterText.objects.exists()
