"""What the pages of approvals answer to somebody who has not finished, may not, or is late."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from partners.models import Partner
from partners.services import assign_manager
from prm.accounts.services import change_role, save_role
from prm.approvals import services, soundness
from prm.approvals.document import check
from prm.approvals.models import ApprovalRun
from prm.approvals.services.design import move_cases
from prm.approvals.subjects import subject_of
from prm.approvals.wording import Words
from prm.approvals.world import world_for
from prm.audit.models import AuditEntry
from prm.customers.models import EndCustomer
from prm.ui import formats
from prm.values import clock
from tests.approvals.flows import MANAGER, approver, publish, task_of
from tests.approvals.test_design_pages import document, send
from tests.approvals.unsound import ask, decide, notice
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db
MANY = "/inbox/decisions/"


@pytest.fixture
def desk(browse: Any, administrator: Any) -> Any:
    return browse(administrator)


def read(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


# ---- deciding many at once ----


def rows(page: str) -> dict[str, str]:
    return {at[1]: at[0] for at in re.finditer(r"<li><input[^>]*value=\"(\d+)\".*?</li>", page)}


def test_what_cannot_be_approved_says_why(acme, rival, manager, browse):
    deals.approved(rival, manager, customer_name="Anji Bamboo Works")
    held = deals.in_review(acme, customer_name="Anji Bamboo Works")
    direct = deals.in_review(acme, customer_name="Wuhan Donghu")
    EndCustomer.objects.filter(pk=direct.end_customer_id).update(direct_only=True)
    free = deals.in_review(acme, customer_name="Suzhou Ruigu")
    page = rows(read(browse(manager).get(MANY)))
    assert "Every product line is held for this customer already" in page[str(task_of(held, manager).pk)]
    assert "for direct sales only" in page[str(task_of(direct, manager).pk)]
    assert "Cannot be approved" not in page[str(task_of(free, manager).pk)]


def test_every_row_whose_approval_would_be_refused_is_marked(acme, rival, manager, browse):
    """Also one of which only some lines are held, and one of a partner that is no longer active."""
    deals.approved(rival, manager, customer_name="Anji Bamboo Works")
    lines = [deals.line(), deals.line("storage")]
    part = deals.in_review(acme, customer_name="Anji Bamboo Works", product_lines=lines)
    idle = deals.in_review(rival, customer_name="Suzhou Ruigu")
    Partner.objects.for_everyone(because="a test").filter(pk=rival.row.pk).update(status="suspended")
    client = browse(manager)
    page = rows(read(client.get(MANY)))
    assert "approves the others only" in page[str(task_of(part, manager).pk)]
    assert "is not active" in page[str(task_of(idle, manager).pk)]
    ticked = [task_of(one, manager).pk for one in (part, idle)]
    client.post(f"{MANY}approve/", {"task": ticked})
    assert set(rows(read(client.get(MANY)))) == {str(pk) for pk in ticked}, "both were refused"


def test_reasons_cost_the_same_however_many_rows(acme, rival, manager, browse):
    client = browse(manager)

    def asked() -> int:
        with CaptureQueriesContext(connection) as ran:
            client.get(MANY)
        return len(ran)

    deals.approved(rival, manager, customer_name="Anji Bamboo Works")
    deals.in_review(acme, customer_name="Anji Bamboo Works")
    asked()
    few = asked()
    for name in ("Wuhan Donghu", "Suzhou Ruigu"):
        deals.in_review(acme, customer_name=name)
    assert asked() == few


def test_an_overdue_row_is_marked(acme, manager, browse):
    publish(approver("manager", MANAGER, deadline={"hours": 8}))
    deals.in_review(acme)
    client = browse(manager)
    assert "overdue" not in read(client.get(MANY))
    with time_machine.travel(clock.now() + timedelta(days=10)):
        page = read(browse(manager).get(MANY))
    assert "overdue: was promised by" in page and "· promised by" not in page


# ---- moving cases ----


def test_running_cases_are_moved_one_by_one(acme, manager, administrator, desk):
    old = publish(approver("manager", MANAGER))
    stays, goes = (deals.in_review(acme, customer_name=name) for name in ("Stays", "Goes"))
    new = publish(approver("manager", MANAGER), approver("again", MANAGER))
    runs = {run.object_id: run for run in ApprovalRun.objects.for_everyone(because="a test")}
    base = "/settings/flows/deal/versions/"
    page = read(desk.get(base))
    assert "Stays" in page and page.count(' name="case"') == page.count("data-tick checked") == 2
    said = desk.post(f"{base}{old.number}/move/", {"case": [runs[goes.pk].pk]}, follow=True)
    assert "1 case was moved." in read(said)
    kept = dict(ApprovalRun.objects.for_everyone(because="a test").values_list("object_id", "version"))
    assert kept == {stays.pk: old.pk, goes.pk: new.pk}
    for nothing in ({}, {"case": ["x"]}):
        assert "Tick at least one first." in read(
            desk.post(f"{base}{old.number}/move/", nothing, follow=True)
        )


def test_a_case_that_one_does_not_see_is_not_moved_by_its_number(acme, rival, administrator, browse):
    old = publish(approver("manager", MANAGER))
    seen, hidden = deals.in_review(acme, customer_name="Seen"), deals.in_review(rival, customer_name="Hidden")
    publish(approver("manager", MANAGER), approver("again", MANAGER))
    runs = {run.object_id: run for run in ApprovalRun.objects.for_everyone(because="a test")}
    role = save_role(
        role=None, base="channel_manager", verbs=["approvals.design", "approvals.publish", "partners.view"],
        code="designer", name="Designer", name_zh="设计者", by=administrator,
    )  # fmt: skip
    user = change_role(user=UserFactory(role=role.base), role=role.base, own_role=role, by=administrator)
    assign_manager(partner=acme.row, user=user, by=administrator)
    designer = actor(user)
    address = f"/settings/flows/deal/versions/{old.number}/move/"
    both = {"case": [runs[seen.pk].pk, runs[hidden.pk].pk]}
    assert browse(designer).post(address, both).status_code == 404
    kept = ApprovalRun.objects.for_everyone(because="a test").values_list("version", flat=True)
    assert set(kept) == {old.pk}
    assert move_cases(version=old, subject=subject_of("deal"), cases=both["case"], by=designer) == 1


# ---- the designer's words ----


def labels(*steps: Any) -> dict[str, Any]:
    data = document(*steps)
    return Words(data, world_for(subject_of("deal"), data)).labels()


def faults(*steps: Any) -> list[str]:
    data = document(*steps)
    return [one.text for one in soundness.inspect(data, world_for(subject_of("deal"), data)).faults]


def test_the_submitter_is_offered_where_somebody_is_told_and_not_where_somebody_decides(desk):
    own = ask("a3", who={"kind": "submitter"})
    data = json.dumps(document(ask("a1"), notice("n1"), own))

    def offered(node: str) -> bool:
        return '<option value="submitter"' in read(send(desk, "panel/", document=data, node=node))

    assert (offered("a1"), offered("n1"), offered("a3")) == (False, True, True), (
        "what a text says stays readable"
    )


def test_a_quorum_without_a_number_and_a_role_not_chosen_are_called_so():
    quorum, role = (
        ask("a1", who={"kind": "role", "role": "administrator"}, mode="quorum"),
        ask("a2", who={"kind": "role"}),
    )
    said = labels(quorum, role)
    assert said["a1"]["top"] == "Approvers, quorum not set"
    assert said["a2"]["name"] == "No role chosen yet"
    told = " ".join(faults(quorum, role))
    assert (
        "None" not in told and "does not say which role. Choose one." in told and "does not exist" not in told
    )


def test_who_ticks_boxes_is_not_told_how_to_write_a_text():
    nobody = ask("a1", who={"kind": "people"})
    (told,) = faults(nobody)
    assert "tick at least one person." in told and "e-mail" not in told
    assert "write the e-mail address" in str(check(document(nobody))[0])


def test_what_stands_on_a_card_begins_with_a_capital():
    said = labels(
        {"id": "u1", "kind": "update", "field": "type", "value": "x"},
        decide("d1", {"field": "estimated_value", "op": "at_least", "value": "5"}),
    )
    assert said["u1"]["sub"].startswith("Becomes ") and said["d1"]["sub"].startswith("When ")


def test_a_latin_name_stands_apart_from_chinese_words_and_a_chinese_one_does_not():
    pattern = "%(hours)s后升级给%(who)s"
    assert (
        formats.filled(pattern, {"hours": "16 个工作小时", "who": "Qin Lan"})
        == "16 个工作小时后升级给 Qin Lan"
    )
    assert formats.filled(pattern, {"hours": "16 个工作小时", "who": "财务"}) == "16 个工作小时后升级给财务"
    assert formats.filled("100%% of %(who)s", {"who": "A%"}) == "100% of A%"
    with translation.override("zh-hans"):
        step = notice("n1", to={"kind": "people", "users": ["qin@vendor.example"]})
        assert labels(step)["n1"]["name"] == "通知 qin@vendor.example"


def test_a_stand_in_is_audited_by_name_and_not_as_a_replacement(manager):
    other = UserFactory(manager=True, name="Chen Rui")
    today = clock.today()
    services.name_stand_in(to=other, first_day=today, last_day=today, by=manager)
    assert AuditEntry.objects.get(verb="stand_in_named").changes["stand_in"] == [None, "Chen Rui"]
