"""The designer's pages: who may enter, what they answer, what a page costs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prm.approvals import drafts
from prm.approvals.models import FlowVersion
from prm.approvals.services import design
from prm.approvals.subjects import subject_of
from prm.values.actor import Actor
from tests.approvals.unsound import ask, both, fork, notice, otherwise, value, when

FLOW = "/settings/flows/deal/"


@pytest.fixture
def desk(browse: Any, administrator: Actor) -> Any:
    return browse(administrator)


def document(*steps: Any) -> dict[str, Any]:
    return {"schema": 1, "subject": "deal", "name": "Standard", "steps": list(steps)}


def send(desk: Any, path: str, **said: Any) -> Any:
    return desk.post(FLOW + path, said)


def test_only_administrators_enter(browse, manager, finance, acme):
    for somebody in (manager, finance, acme.admin):
        client = browse(somebody)
        for path in ("", "versions/", "import/", "versions/1/", "versions/1/text/", "compare/"):
            assert client.get(FLOW + path).status_code == 403, path
        for path in ("draft/", "panel/", "dry-run/", "publish/", "versions/1/restore/", "versions/1/move/"):
            assert client.post(FLOW + path).status_code == 403, path


@pytest.mark.parametrize(
    "path",
    [
        "/settings/flows/nothing/",
        "/settings/flows/deal/versions/99/",
        "/settings/flows/deal/compare/?old=7&new=9",
    ],
)
def test_what_does_not_exist_is_not_found(desk, path):
    assert desk.get(path).status_code == 404


def test_the_page_holds_the_document_and_no_script_of_its_own(desk):
    text = desk.get(FLOW).content.decode()
    assert 'id="flow-document" type="application/json"' in text
    assert "Channel manager" in text


def test_saving_answers_with_words_and_problems(desk):
    revision = drafts.standing(subject_of("deal")).revision
    data = document(ask(who={"kind": "submitter"}), notice(text=""))
    answer = send(desk, "draft/", document=json.dumps(data), revision=revision)
    said = answer.json()
    assert answer.status_code == 200
    assert {one["node"] for one in said["problems"]} == {"a1", "n1"}
    assert said["line"] == "2 problems" and said["publish"]["ready"] is False
    assert said["labels"]["a1"]["name"] == "Submitter"
    assert said["tag"] == "Draft of version 2"


def test_the_words_stand_in_the_readers_language(desk):
    data = document(ask(who={"kind": "partner_manager"}, deadline={"hours": 16, "then": "none"}))
    answer = desk.post(
        FLOW + "draft/",
        {"document": json.dumps(data), "revision": drafts.standing(subject_of("deal")).revision},
        HTTP_ACCEPT_LANGUAGE="zh-CN",
    )
    assert answer.json()["labels"]["a1"] == {
        "top": "审批人", "name": "合作伙伴的渠道经理", "sub": "16 工作小时", "many": False,
    }  # fmt: skip


def test_what_is_not_chosen_yet_is_called_so_everywhere(desk):
    """Node, panel and line of soundness say the same of a step that is half made."""
    data = document(
        ask("a1", who={"kind": "level_up"}),
        fork(when("b1x", {"all": [{"field": ""}]}, ask("a2", who={"kind": "people"})), otherwise("b1y")),
    )
    revision = drafts.standing(subject_of("deal")).revision
    said = send(desk, "draft/", document=json.dumps(data), revision=revision).json()
    assert said["labels"]["a1"]["name"] == "Levels above the submitter", "not one level: none was chosen"
    assert said["labels"]["b1x"]["name"] == "No field chosen yet"
    assert any("tick at least one person" in one["text"] for one in said["problems"] if one["node"] == "a2")
    panel = send(desk, "panel/", document=json.dumps(data), node="b1x").content.decode()
    assert "No field is chosen yet" in panel and "always holds" not in panel


def test_a_stale_page_is_told_what_differs(desk):
    send(
        desk,
        "draft/",
        document=json.dumps(document(ask())),
        revision=drafts.standing(subject_of("deal")).revision,
    )
    answer = send(desk, "draft/", document=json.dumps(document(ask(), notice())), revision="of yesterday")
    assert answer.status_code == 409
    assert answer.json()["difference"] == ["Added: Notice “Tell submitter” (Done)"]
    assert answer.json()["revision"] == drafts.standing(subject_of("deal")).revision


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "[" * 200 + "]" * 200, '{"steps": ' + '{"a": ' * 100 + "1" + "}" * 101]
)
def test_what_is_no_document_is_refused(desk, text):
    assert send(desk, "draft/", document=text, revision="").status_code == 422


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("start", "Name"), ("end", "is approved"), ("a1", "When there are several"), ("b1x", "Cases for which"),
        ("b1y", "none of the conditions"), ("p1", "Sides"), ("n1", "Who is told"), ("w1", "Working hours"),
        ("d1", "Where the condition does not hold"), ("u1", "New value"),
    ],
)  # fmt: skip
def test_each_kind_of_node_has_its_panel(desk, own, words):
    data = document(
        ask(),
        fork(when("b1x", value("more_than", "100"), ask("a2")), otherwise("b1y")),
        both("p1", [ask("a3")], [ask("a4")]),
        notice(),
        {"id": "w1", "kind": "wait", "hours": 8},
        {"id": "d1", "kind": "decide", "when": value("more_than", "9"), "outcome": "reject"},
        {"id": "u1", "kind": "update", "field": "type", "value": "resale"},
    )
    answer = send(desk, "panel/", document=json.dumps(data), node=own)
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_a_panel_for_a_node_that_is_not_there_is_not_found(desk):
    assert send(desk, "panel/", document=json.dumps(document(ask())), node="zz").status_code == 404


def test_a_branch_tells_what_comes_in(desk):
    inner = fork(when("b2x", value("more_than", "1000"), ask()), otherwise("b2y", ask("a2")), own="b2")
    data = document(fork(when("b1x", value("more_than", "100"), inner), otherwise("b1y", ask("a3"))))
    text = send(desk, "panel/", document=json.dumps(data), node="b2x").content.decode()
    assert "Comes in with" in text and "Estimated value is more than ¥100.00" in text


def test_the_text_goes_out_as_a_file_and_comes_in_by_form(desk):
    text = desk.get(FLOW + "versions/1/text/")
    assert text["Content-Disposition"] == 'attachment; filename="flow-deal-1.yaml"'
    assert desk.post(FLOW + "import/", {"text": text.content.decode()}).status_code == 302
    assert desk.post(FLOW + "import/", {"text": "{"}).status_code == 422
    assert desk.post(FLOW + "import/", {"csrfmiddlewaretoken": "x"}).status_code == 422


def test_versions_are_compared_and_old_ones_shown(desk, administrator):
    deal = subject_of("deal")
    data = document(ask(who={"kind": "role", "role": "administrator"}))
    design.save_draft(subject=deal, data=data, revision=drafts.standing(deal).revision, by=administrator)
    text = desk.get(FLOW + "compare/").content.decode()
    assert "From version 1 to version 2" in text and "Added: Approver “Administrator”" in text
    assert desk.get(FLOW + "versions/1/").status_code == 200
    assert desk.get(FLOW + "versions/2/").status_code == 302
    assert "Restore as draft" in desk.get(FLOW + "versions/").content.decode()


def test_the_list_costs_the_same_however_many_flows(desk):
    desk.get("/settings/flows/")
    with CaptureQueriesContext(
        connection,
    ) as counted:
        desk.get("/settings/flows/")
    asked = [one["sql"] for one in counted if 'FROM "approvals_flow' in one["sql"]]
    assert len(asked) == 1


def test_every_subject_opens_in_the_designer_and_can_be_rehearsed(desk, manager, finance):
    from prm.approvals.subjects import all_subjects

    for subject in all_subjects():
        path = f"/settings/flows/{subject.code}/"
        assert desk.get(path).status_code == 200
        data = drafts.standing(subject).document | {"name": "Changed"}
        said = {"document": json.dumps(data), "revision": drafts.standing(subject).revision}
        assert desk.post(path + "draft/", said).json()["problems"] == []
        assert "no case yet" in desk.post(path + "dry-run/").content.decode()


def test_the_list_says_what_happens_where_no_flow_is_in_force(desk):
    assert "No flow in force" not in desk.get("/settings/flows/").content.decode()
    FlowVersion.objects.filter(flow__subject="partner_change").update(state="retired")
    page = desk.get("/settings/flows/").content.decode()
    assert "No flow in force" in page and "Every change is written at once; nobody is asked." in page


def test_a_text_with_several_faults_is_told_all_of_them(desk):
    steps = "[{id: a1, kind: foo}, {id: a1, kind: approver, who: {kind: partner_manager}}]"
    answer = desk.post(FLOW + "import/", {"text": f"schema: 1\nsubject: deal\nsteps: {steps}\n"})
    page = answer.content.decode()
    assert answer.status_code == 422
    for words in ("The name is missing", "kind that does not exist", "twice"):
        assert words in page, words


def test_a_dry_run_of_what_cannot_be_read_names_the_steps_as_the_cards_do(desk):
    broken = document(ask("a1", name="Director", deadline={"hours": 8, "then": "escalate"}))
    said = {"document": json.dumps(broken), "revision": drafts.standing(subject_of("deal")).revision}
    desk.post(FLOW + "draft/", said)
    answer = desk.post(FLOW + "dry-run/")
    page = answer.content.decode()
    assert (
        answer.status_code == 422
        and "Director" in page
        and "to whom it escalates" in page
        and "a1" not in page
    )
