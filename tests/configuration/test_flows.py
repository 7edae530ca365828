"""Approval flows and working time in the configuration as text."""

from __future__ import annotations

import pytest
from django.utils import translation
from django_tenants.utils import tenant_context

from prm.approvals import drafts
from prm.approvals.models import ApprovalRun, FlowVersion, SpecialDay
from prm.approvals.services import design
from prm.approvals.services.installing import NOBODY_YET, faults_of
from prm.approvals.subjects import subject_of
from prm.audit.models import AuditEntry
from prm.configuration import services
from prm.configuration.errors import ConfigurationProblem
from prm.tenancy.module_switch import switch_module
from prm.values import clock
from tests.approvals import unsound
from tests.approvals.flows import run_of
from tests.approvals.unsound import UNSOUND, ask, decide, fork, notice, otherwise, until, value, when
from tests.configuration.office import BY, apply, exported, fresh, here, plan, written
from tests.factories.dealreg import in_review
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
FINANCE = {"kind": "role", "role": "finance"}
ADMINISTRATOR = {"kind": "role", "role": "administrator"}
DIRECTOR = ask(
    "director", FINANCE, name="Director", name_zh="总监", deadline=until("escalate", ADMINISTRATOR)
)


def flow(*steps, name="Deals", **more):
    return {"name": name, "steps": list(steps), **more}


def two_levels(amount="500000.5"):
    """The channel manager, and above an amount somebody of finance."""
    return flow(
        ask("manager", {"kind": "partner_manager"}),
        fork(when("large", value("more_than", amount), DIRECTOR), otherwise("small"), own="size"),
        notice("told", text="Decided.\nThank you."),
    )


@pytest.fixture
def finance_clerk(db):
    return UserFactory(finance=True)


def in_force(code="deal"):
    return drafts.standing(subject_of(code)).published


def test_a_flow_that_says_something_else_becomes_the_next_version(
    acme, manager, administrator, finance_clerk
):
    running = in_review(acme)
    before = in_force()
    found = apply(flows={"deal": two_levels()})
    now = in_force()
    assert (now.number, now.noted) == (before.number + 1, "Brought in with the configuration as text")
    with translation.override("zh-hans"):
        assert now.noted == "由文本配置导入"
    assert run_of(running).version_id == before.pk and run_of(in_review(acme)).version_id == now.pk
    before.refresh_from_db()
    assert before.state == "retired"
    entry = AuditEntry.objects.filter(verb="published").latest("pk")
    assert entry.changes["version"] == [before.number, now.number]
    places = {one.place for one in found}
    assert {"flows.deal.name", "flows.deal.steps[size]", "flows.deal.steps[told]"} <= places


def test_the_same_text_again_publishes_nothing(administrator, manager, finance_clerk):
    apply(flows={"deal": two_levels()})
    versions, rows = FlowVersion.objects.count(), AuditEntry.objects.count()
    assert apply(flows=exported("flows")) == []
    assert apply(flows={"deal": two_levels()}) == []
    assert (FlowVersion.objects.count(), AuditEntry.objects.count()) == (versions, rows)


def test_what_differs_is_told_step_by_step(administrator, manager, finance_clerk):
    apply(flows={"deal": two_levels()})
    other = two_levels("900000")
    other["steps"][0]["deadline"] = {"hours": 4, "then": "none"}
    other["steps"][1]["branches"][0]["steps"] = [DIRECTOR, notice("also")]
    lines = {one.line for one in plan(flows={"deal": other})}
    assert "flows.deal.steps[size].branches[large].when.value: was 500000.5, becomes 900000" in lines
    assert "flows.deal.steps[manager].deadline: added: hours: 4, then: none" in lines
    assert any(line.startswith("flows.deal.steps[size].branches[large].steps[also]: added") for line in lines)
    moved = two_levels()
    moved["steps"].reverse()
    assert [one.line for one in plan(flows={"deal": moved})] == [
        "flows.deal.steps: was manager, size, told, becomes told, size, manager"
    ]
    assert exported("flows")["deal"]["steps"][0]["id"] == "manager"


@pytest.mark.parametrize(("what", "code", "node", "steps"), UNSOUND, ids=[row[0] for row in UNSOUND])
def test_an_unsound_flow_is_refused_by_the_name_of_its_node(
    what, code, node, steps, acme, administrator, manager
):
    if code in NOBODY_YET:
        pytest.skip("a text may come before its people")
    for email, active in ((unsound.CHEN, True), (unsound.GONE, False)):
        UserFactory(manager=True, email=email, is_active=active)
    acme.sales_user.email = unsound.SELLER
    acme.sales_user.save()
    before, version = services.current_text(), in_force().pk
    with pytest.raises(ConfigurationProblem) as refusal:
        apply(working_time={"hours": {"sunday": "10:00-11:00"}}, flows={"deal": flow(*steps)})
    assert all(line.startswith("flows.") for line in refusal.value.problems)
    data = {"schema": 1, "subject": "deal", **flow(*steps)}
    sentences = [
        one.text for one in faults_of(subject_of("deal"), data)[0] if (one.code, one.node) == (code, node)
    ]
    said = "\n".join(refusal.value.problems)
    assert any(one in said for one in sentences) or "flows.deal.steps" in said, said
    assert services.current_text() == before and in_force().pk == version


def test_all_unsound_flows_are_named_at_once_and_none_is_applied(administrator, manager):
    with pytest.raises(ConfigurationProblem) as refusal:
        apply(
            flows={
                "deal": flow(ask("seller", {"kind": "submitter"}, name="Seller")),
                "order": flow(ask("who", {"kind": "people", "users": ["nobody@x.example"]}, name="Director")),
                "holiday": flow(ask()),
            }
        )
    text = "\n".join(refusal.value.problems)
    assert "flows.deal: Approver “Seller”" in text or "Seller" in text
    assert "nobody@x.example" in text and "flows.holiday" in text
    assert in_force().number == in_force("order").number == 1


def test_a_text_may_come_before_its_people_and_says_so(tenant):
    with tenant_context(fresh("later")):
        found = apply(flows={"deal": two_levels()})
        assert in_force().number == 2
        assert any("Finance" in line and "administrators decide" in line for line in found.notes)
        assert apply(flows={"deal": two_levels()}).notes == []


def test_people_named_in_a_text_may_come_later_while_there_are_only_administrators(tenant):
    lin = ask("lin", {"kind": "people", "users": ["lin@vendor.example"]}, name="Director")
    two = ask("two", FINANCE, name="Two of finance", mode="quorum", quorum=2)
    with tenant_context(fresh("people")):
        UserFactory(administrator=True)
        for notes in (
            plan(flows={"deal": flow(lin, two)}).notes,
            apply(flows={"deal": flow(lin, two)}).notes,
        ):
            said = "\n".join(notes)
            assert "flows.deal" in said and "“Director”" in said and "lin@vendor.example" in said
            assert "“Two of finance”" in said and "administrators decide" in said
        UserFactory(finance=True)
        # What is in force is no question any more, though one of finance is fewer than two.
        assert apply(flows={"deal": flow(lin, two)}) == []
        with pytest.raises(ConfigurationProblem) as refusal:
            apply(flows={"deal": flow(lin, two, name="Other")})
        assert "lin@vendor.example" in str(refusal.value) and "2 approvals" in str(refusal.value)
        names = {"kind": "people", "users": ["a@vendor.example", "b@vendor.example"]}
    with tenant_context(fresh("names")), pytest.raises(ConfigurationProblem) as refusal:
        apply(flows={"deal": flow(ask("x", names, mode="quorum", quorum=3))})
    assert "flows.deal" in str(refusal.value)


def test_a_dry_run_tells_how_many_of_the_last_cases_would_have_gone_differently(
    acme, administrator, manager, finance_clerk, browse
):
    assert plan(flows={"deal": two_levels()}).effects == []  # no case yet
    for _case in range(3):
        in_review(acme)
    runs, rows = ApprovalRun.objects.for_everyone(because="counted").count(), AuditEntry.objects.count()
    other = {"deal": flow(ask("f", FINANCE)), "order": exported("flows")["order"]}
    said = plan(flows=other).effects
    assert said == ["flows.deal: Of the last 3 cases, 3 would have gone differently"]
    after = ApprovalRun.objects.for_everyone(because="counted").count(), AuditEntry.objects.count()
    assert after == (runs, rows)
    page = browse(administrator).post("/settings/configuration/", {"source": written(flows=other)})
    assert said[0] in page.content.decode()
    assert apply(flows=other).effects == []


def test_a_draft_stays_a_draft_behind_the_new_version(administrator, manager, finance_clerk):
    deal = subject_of("deal")
    text = {"schema": 1, "subject": "deal", "name": "Mine", "steps": [decide("d1", {})]}
    design.save_draft(subject=deal, data=text, revision=drafts.standing(deal).revision, by=administrator)
    apply(flows={"deal": two_levels()})
    standing = drafts.standing(deal)
    assert standing.draft.document == text and standing.draft.number == standing.published.number + 1
    assert "Mine" not in services.current_text()


def test_a_condition_names_types_and_lines_by_their_codes(administrator, manager):
    condition = {"field": "type", "op": "is", "value": "resale"}
    text = flow(fork(when("a", condition, ask("x", ADMINISTRATOR)), otherwise("b", ask("y", ADMINISTRATOR))))
    apply(flows={"deal": text})
    with tenant_context(fresh("types")):
        apply(flows={"deal": text})
        assert exported("flows")["deal"]["steps"][0]["branches"][0]["when"] == condition
        with pytest.raises(ConfigurationProblem) as refusal:
            apply(flows={"deal": flow(fork(when("a", condition | {"value": "lease"}, ask("x", ADMINISTRATOR)),
                                           otherwise("b", ask("y", ADMINISTRATOR))))})  # fmt: skip
        assert "lease" in str(refusal.value)


def test_the_flow_of_a_module_that_is_off_is_neither_exported_nor_taken(administrator, manager):
    for code in ("claims", "payouts", "rebates", "orders"):
        switch_module(tenant=here(), code=code, on=False, by=BY)
    assert set(exported("flows")) == {"deal"} or "order" not in exported("flows")
    with pytest.raises(ConfigurationProblem) as refusal:
        apply(flows={"order": flow(ask("x", ADMINISTRATOR))})
    assert "flows.order" in str(refusal.value)


# ---- working time ----


def test_working_time_and_holidays(administrator):
    text = {
        "hours": {"monday": "09:00-12:00, 13:30-18:00", "saturday": "09:00-12:00"},
        "days": [
            {"day": "2026-10-01", "name": "National Day 国庆"},
            {"day": "2026-10-10", "working": True},
        ],
    }
    apply(working_time=text)
    assert exported("working_time") == text
    rows = AuditEntry.objects.count()
    assert apply(working_time=text) == [] and AuditEntry.objects.count() == rows
    changed = text | {"days": [{"day": "2026-10-01", "name": "Holiday"}]}
    lines = [one.line for one in apply(working_time=changed)]
    assert "working_time.days[2026-10-10]: taken away, was day: 2026-10-10, working: true" in lines
    assert SpecialDay.objects.get().name == "Holiday"


def test_hours_as_the_product_has_them_can_be_applied_and_change_nothing(administrator):
    rows = AuditEntry.objects.count()
    assert apply(working_time=exported("working_time")) == []
    assert AuditEntry.objects.count() == rows


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("working_time.hours.monday", {"hours": {"monday": "nine to five"}}),
        ("working_time", {"hours": {}}),
        ("working_time.days[0]", {"hours": {"monday": "9:00-12:00"}, "days": [{"day": "2026-02-30"}]}),
        ("working_time.days[1]", {"hours": {"monday": "9:00-12:00"}, "days": [{"day": "2026-02-20"}] * 2}),
        ("working_time.hours", {"hours": {"funday": "9:00-12:00"}}),
    ],
)
def test_wrong_working_time_is_named(place, text, administrator):
    before = services.current_text()
    with pytest.raises(ConfigurationProblem) as refusal:
        apply(working_time=text)
    assert place in str(refusal.value)
    assert services.current_text() == before
    assert clock.today()
