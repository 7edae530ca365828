"""Actions of an automation: changed where they stand, put in another order; none, and it is not switched on."""

from __future__ import annotations

import pytest

from prm.audit.history import history_of
from prm.audit.models import AuditEntry
from prm.automations import services
from prm.automations.errors import ActionGone, ActionIncomplete
from prm.automations.models import Action, Automation, Run
from prm.values.errors import NotAllowed
from tests.automations.test_running import automation, deliver
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(administrator) -> Automation:
    """Three notices: A, B, C."""
    made = automation(administrator, kind="notify", who=["role:finance"], text="A")
    for text in ("B", "C"):
        services.add_action(automation=made, kind="notify", who=["role:finance"], text=text, by=administrator)
    return made


def texts(row: Automation) -> list[str]:
    return [action.text for action in row.actions.all()]


def at(row: Automation, text: str) -> Action:
    return row.actions.get(text=text)


def test_an_action_is_changed_where_it_stands(row, administrator, browse):
    client, action = browse(administrator), at(row, "B")
    address = f"{row.get_absolute_url()}actions/{action.pk}/edit/"
    page = client.get(address).content.decode()
    assert 'value="B"' in page and "checked" in page
    typed = {"who": ["role:finance", "managers"], "text": "Better", "text_zh": "更好"}
    answer = client.post(address, typed)
    assert answer["Location"].endswith(f"#action-{action.pk}")
    action.refresh_from_db()
    assert (action.text, action.text_zh, action.who) == ("Better", "更好", ["role:finance", "managers"])
    assert texts(row) == ["A", "Better", "C"]
    told = AuditEntry.objects.get(verb="action_changed").changes["action"]
    assert "“B”" in told[0]["en"] and "“更好”" in told[1]["zh-hans"]
    assert client.post(address, {"who": [], "text": ""}).status_code == 422


def test_another_field_asks_for_its_own_value(administrator, browse):
    made = services.save_automation(
        automation=None, name="N", event_code="customers.created.v1", by=administrator
    )
    action = services.add_action(
        automation=made, kind="update", field="direct_only", value="True", by=administrator
    )
    client, address = browse(administrator), f"{made.get_absolute_url()}actions/{action.pk}/edit/"
    assert '<option value="True" selected>Yes' in client.get(address).content.decode()
    client.post(address, {"field": "direct_only", "value": "False"})
    action.refresh_from_db()
    assert action.value == "False"
    with pytest.raises(ActionIncomplete):
        services.change_action(action=action, field="direct_only", value="maybe", by=administrator)


def test_actions_are_put_in_another_order_and_happen_in_it(row, administrator, browse, acme):
    client, base = browse(administrator), row.get_absolute_url()
    client.post(f"{base}actions/{at(row, 'C').pk}/move/", {"to": "0"})
    assert texts(row) == ["C", "A", "B"]
    client.post(f"{base}actions/{at(row, 'C').pk}/move/", {"to": "1"})
    client.post(f"{base}actions/{at(row, 'A').pk}/move/", {"to": "99"})
    assert texts(row) == ["C", "B", "A"]
    assert client.post(f"{base}actions/{at(row, 'A').pk}/move/", {"to": "-1"}).status_code == 404
    UserFactory(finance=True)
    deals.in_review(acme)
    deliver()
    assert [line.split("”")[0][-1] for line in Run.objects.get().said_lines] == ["C", "B", "A"]
    assert AuditEntry.objects.filter(verb="actions_ordered").count() == 3
    services.add_action(automation=row, kind="notify", who=["role:finance"], text="D", by=administrator)
    assert texts(row) == ["C", "B", "A", "D"]
    (line, *_) = [one for one in history_of(row, administrator) if "order" in str(one.text)]
    assert line


def places(row: Automation) -> list[int]:
    return [action.position for action in row.actions.all()]


def test_places_stay_without_gaps_however_often_actions_come_and_go(row, administrator):
    Action.objects.filter(text="C").update(position=32_767)  # the last that the column holds
    services.remove_action(action=at(row, "A"), by=administrator)
    assert (texts(row), places(row)) == (["B", "C"], [0, 1])
    for text in ("D", "E"):
        services.add_action(automation=row, kind="notify", who=["role:finance"], text=text, by=administrator)
        services.remove_action(action=at(row, "B" if text == "D" else "D"), by=administrator)
    assert (texts(row), places(row)) == (["C", "E"], [0, 1])
    Action.objects.filter(text="E").update(position=9)
    services.move_action(action=at(row, "E"), to=0, by=administrator)
    assert (texts(row), places(row)) == (["E", "C"], [0, 1])


def test_the_page_moves_by_drag_by_buttons_and_by_keys(row, administrator, browse):
    page = browse(administrator).get(row.get_absolute_url()).content.decode()
    for words in (
        "data-sortable",
        'draggable="true"',
        "Move up: “B”",
        "Move down: “B”",
        "Alt+ArrowUp",
        "js/sortable.js",
    ):
        assert words in page, words
    assert "Move up: “A”" not in page and "Move down: “C”" not in page


def test_an_action_that_is_gone_is_not_changed(row, administrator):
    action = at(row, "B")
    services.remove_action(action=Action.objects.get(pk=action.pk), by=administrator)
    with pytest.raises(ActionGone):
        services.change_action(action=action, who=["role:finance"], text="x", by=administrator)


def test_without_an_action_it_is_not_switched_on_and_the_page_says_what_to_do(administrator, browse):
    made = services.save_automation(
        automation=None, name="Empty", event_code="customers.created.v1", by=administrator
    )
    answer = browse(administrator).post(f"{made.get_absolute_url()}switch/")
    page = answer.content.decode()
    assert answer.status_code == 409 and "Add at least one action under “Then”" in page
    assert "Then</h2>" in page and 'role="alert"' in page and "Switch on" in page
    made.refresh_from_db()
    assert not made.is_active


def test_nobody_else_changes_or_moves(row, manager, browse):
    action = at(row, "B")
    for verb in ("edit", "move"):
        address = f"{row.get_absolute_url()}actions/{action.pk}/{verb}/"
        assert browse(manager).post(address, {"to": "0", "text": "x"}).status_code == 403
    with pytest.raises(NotAllowed):
        services.move_action(action=action, to=0, by=manager)
