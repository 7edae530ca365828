# ruff: noqa: E501 (the script in the page keeps its own lines)
"""The flow designer in a browser: an administrator changes who decides; keys, undo, two at once, a tablet."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.office import PHONE, Office, serious

TABLET = {"width": 820, "height": 1180}
FLOW = "/settings/flows/deal/"


@pytest.fixture
def deals(cast: Any) -> None:
    """Four deals that are being decided, two of them above 500,000."""
    from tests.cast import Company
    from tests.factories.dealreg import in_review
    from tests.factories.people import UserFactory

    UserFactory(role="channel_manager", name="Chen Rui", email="director@vendor.example", all_partners=True)
    company = Company.__new__(Company)
    company.row, company.sales_user = cast.acme, cast.sales
    for number, amount in enumerate((100_000, 300_000, 600_000, 900_000)):
        in_review(company, customer_name=f"Customer {number} GmbH", estimated_value=Decimal(amount))


def node(page: Page, name: str) -> Any:
    return page.locator("#flow-board [data-node]").filter(has_text=name)


def soundness(page: Page) -> Any:
    return page.locator("[data-part=soundness]")


def add(page: Page, kind: str) -> None:
    """From the focused node: N, then the kind."""
    page.keyboard.press("n")
    page.locator(f"[data-adds={kind}]").click()


def test_a_directors_approval_above_a_value_is_added_tried_and_published(office: Office, deals: None) -> None:
    page = office.enter("administrator")
    page.goto("/settings/flows/")
    page.get_by_role("link", name="Deal registration", exact=True).filter(visible=True).last.click()
    expect(soundness(page)).to_contain_text("Sound")
    expect(page.get_by_role("button", name="Publish").first).to_be_disabled()
    # ＋ after the channel manager, a condition, its amount
    page.locator(".ui-plus").nth(1).click()
    page.locator("[data-adds=branch]").click()
    expect(soundness(page)).to_contain_text("1 problem")
    build_condition(page, "500000")
    expect(node(page, "Condition 1")).to_contain_text("500,000")
    expect(soundness(page)).to_contain_text("Sound")
    # the director below it, with two working days and an escalation
    node(page, "Condition 1").focus()
    add(page, "approver")
    page.get_by_label("Who decides").select_option("people")
    page.get_by_role("checkbox", name="Chen Rui").check()
    page.locator("#f-then").select_option("escalate")
    page.locator("#f-deadline-to-kind").select_option("role")
    expect(soundness(page)).to_contain_text("problem")
    page.locator("#f-deadline-to-role").select_option("administrator")
    expect(soundness(page)).to_contain_text("Sound")
    expect(node(page, "Chen Rui")).to_contain_text("16 working hours, then escalation to Administrator")
    # publishing is off until the dry run of this very text
    expect(page.locator("#flow-why")).to_contain_text("dry run")
    page.get_by_role("button", name="Dry run").first.click()
    dock = page.locator("#flow-dock")
    expect(dock).to_contain_text("Of the last 4 cases, 2 would have gone differently")
    expect(dock).to_contain_text("wait for Chen Rui as well")
    page.get_by_role("button", name="Publish").first.click()
    dialog = page.get_by_role("dialog", name=re.compile("Publish version 2"))
    expect(dialog).to_contain_text("4 running cases stay on version 1")
    dialog.get_by_label("What is new").fill("Director above 500,000")
    dialog.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 2 is in force.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^Version 2"))).to_contain_text("Director above")
    # running cases are moved on purpose
    page.get_by_role("button", name="Move 4 cases to version 2").click()
    page.get_by_role("dialog").get_by_role("button", name="Move").click()
    expect(page.get_by_text("4 cases were moved.")).to_be_visible()


def build_condition(page: Page, amount: str) -> None:
    """Estimated value is more than `amount`; the server draws the row anew after each choice."""
    builder = page.locator("#flow-panel [data-builder]")
    row = builder.locator("[data-row]").first
    builder.wait_for()
    if not row.is_visible():
        builder.locator("[data-do=row]").first.click()
    for name, choice in (("field", {"label": "Estimated value"}), ("op", {"value": "more_than"})):
        with page.expect_response(re.compile("/builder/")):
            row.locator(f"[data-{name}]").select_option(**choice)
        page.wait_for_timeout(300)
    row.locator("[data-value]").fill(amount)
    row.locator("[data-value]").press("Tab")


def test_what_was_added_has_the_focus_and_is_counted_at_once(office: Office, deals: None) -> None:
    page = office.enter("administrator")
    page.goto(FLOW)
    page.locator('[data-node="manager"]').focus()
    page.keyboard.press("n")
    expect(page.locator("[data-adds=approver]")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-adds=branch]")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-adds=approver]")).to_be_focused()
    page.route("**/draft/", lambda route: route.abort())  # what the page says by itself
    page.keyboard.press("Enter")
    expect(page.locator('[data-node="a1"]')).to_be_focused()
    expect(page.locator("[data-part=count]")).to_have_text("2 steps, 1 level")
    page.unroute("**/draft/")
    expect(page.get_by_label("Who decides")).to_be_visible()
    expect(page.locator('[data-node="a1"]')).to_be_focused()
    page.locator(".ui-plus").first.click()
    page.locator("[data-adds=wait]").click()
    expect(page.locator('[data-node="w1"]')).to_be_focused()
    office.complaints[:] = []


def test_the_way_back_outlives_a_reload_of_the_page(office: Office, deals: None) -> None:
    page = office.enter("administrator")
    page.goto(FLOW)
    page.locator('[data-node="manager"]').focus()
    page.keyboard.press("n")
    page.locator("[data-adds=wait]").click()
    expect(page.locator("[data-part=saved]")).to_contain_text("Saved at")
    page.reload()
    expect(page.locator('[data-node="w1"]')).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator('[data-node="w1"]')).to_have_count(0)
    page.get_by_role("button", name="Redo").click()
    expect(page.locator('[data-node="w1"]')).to_be_visible()


def test_the_whole_tree_by_keys(office: Office, deals: None) -> None:
    page = office.enter("administrator")
    page.goto(FLOW)
    start, manager, end = (page.locator(f'[data-node="{own}"]') for own in ("start", "manager", "end"))
    start.focus()
    page.keyboard.press("ArrowDown")
    expect(manager).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(end).to_be_focused()
    page.keyboard.press("ArrowUp")
    # copy and paste; the copy stands after it and is chosen
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    copy = page.locator('[data-node="a1"]')
    expect(copy).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    assert order(page) == ["start", "a1", "manager", "end"]
    page.keyboard.press("Control+z")
    assert order(page) == ["start", "manager", "a1", "end"]
    page.keyboard.press("Control+z")
    assert order(page) == ["start", "manager", "end"]
    expect(manager).to_be_focused()  # where one stood when it was pasted
    page.keyboard.press("Control+y")
    assert order(page) == ["start", "manager", "a1", "end"]
    # delete, and undo brings it back
    copy.focus()
    page.keyboard.press("Delete")
    assert order(page) == ["start", "manager", "end"]
    page.keyboard.press("Control+z")
    assert order(page) == ["start", "manager", "a1", "end"]
    expect(copy).to_be_focused()
    # a fork: N, then its branches with left and right; into the first branch with Alt
    manager.focus()
    add(page, "branch")
    expect(page.locator("#flow-panel h2")).to_have_text("Always")
    page.keyboard.press("Escape")
    expect(page.locator('[data-node="b2"]')).to_be_focused()
    expect(page.locator("#flow-panel")).to_contain_text("Choose a step")
    # Esc closes an open list and stays in the designer
    soundness(page).locator("summary").click()
    page.keyboard.press("Escape")
    expect(page.locator("[data-part=soundness] details[open]")).to_have_count(0)
    assert page.url.endswith(FLOW)
    page.locator('[data-node="b2"]').focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-node="b3"]')).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(page.locator('[data-node="b2"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#flow-panel")).to_contain_text("always holds")
    page.keyboard.press("Escape")
    page.keyboard.press("-")
    expect(page.locator("[data-part=zoom]")).to_have_text("90%")
    expect(page.locator("[data-part=saved]")).to_contain_text("Saved at")
    page.reload()
    assert order(page) == ["start", "manager", "b2", "b3", "a1", "end"]


def order(page: Page) -> list[str]:
    return page.locator("#flow-board [data-node]").evaluate_all(
        "nodes => nodes.map((one) => one.dataset.node)"
    )


def test_each_problem_leads_to_its_node(office: Office, deals: None) -> None:
    page = office.enter("administrator")
    page.goto(FLOW)
    page.locator('[data-node="manager"]').focus()
    add(page, "notice")
    page.keyboard.press("Escape")
    page.locator('[data-node="start"]').focus()
    soundness(page).locator("summary").click()
    page.locator(".ui-flow-problem", has_text="sends an empty text").click()
    expect(page.locator('[data-node="n1"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#flow-panel")).to_contain_text("sends an empty text")
    page.get_by_label("Text", exact=True).fill("It is through.")
    expect(soundness(page)).to_contain_text("Sound")
    expect(page.locator("#flow-panel [data-problems]")).to_be_hidden()


def test_a_step_is_dragged_to_a_plus_and_let_go(office: Office, deals: None) -> None:
    page = office.enter("administrator")
    page.goto(FLOW)
    page.locator('[data-node="manager"]').focus()
    add(page, "wait")
    page.keyboard.press("Escape")
    assert order(page) == ["start", "manager", "w1", "end"]
    held, target = (
        page.locator('[data-node="w1"]').bounding_box(),
        page.locator(".ui-plus").first.bounding_box(),
    )
    assert held and target
    page.mouse.move(held["x"] + 40, held["y"] + 15)
    page.mouse.down()
    page.mouse.move(target["x"] + 30, target["y"] + 40, steps=5)
    page.mouse.move(target["x"] + 12, target["y"] + 12, steps=5)
    page.mouse.up()
    assert order(page) == ["start", "w1", "manager", "end"]
    # Esc leaves a dragged step where it was
    held = page.locator('[data-node="w1"]').bounding_box()
    assert held
    page.mouse.move(held["x"] + 40, held["y"] + 15)
    page.mouse.down()
    page.mouse.move(held["x"] + 40, held["y"] + 300, steps=6)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert order(page) == ["start", "w1", "manager", "end"]


def test_the_second_of_two_administrators_is_told_and_nothing_is_lost(office: Office, deals: None) -> None:
    one, two = office.enter("administrator"), office.enter("administrator")
    for page in (one, two):
        page.goto(FLOW)
    one.locator('[data-node="manager"]').focus()
    add(one, "wait")
    expect(one.locator("[data-part=saved]")).to_contain_text("Saved at")
    two.locator('[data-node="manager"]').focus()
    add(two, "notice")
    told = two.get_by_role("alert").filter(visible=True)
    expect(told).to_contain_text("Nothing is lost")
    told.get_by_text("What you changed since").click()
    expect(told).to_contain_text("Added: Notice")
    expect(told).to_contain_text("Deleted: Wait")
    told.get_by_role("button", name="Keep mine").click()
    expect(two.locator("[data-part=saved]")).to_contain_text("Saved at")
    one.reload()
    assert order(one) == ["start", "manager", "n1", "end"]
    office.complaints[:] = [text for text in office.complaints if "409" not in text]


def test_a_published_version_is_read_and_not_changed(office: Office, deals: None) -> None:
    page = office.enter("administrator")
    page.goto(f"{FLOW}versions/1/")
    expect(page.locator("#flow-tag")).to_have_text("Version 1, Published")
    page.locator('[data-node="manager"]').click()
    expect(page.locator("#f-who-kind")).to_be_disabled()
    expect(page.locator(".ui-flow-verbs")).to_have_count(0)
    page.keyboard.press("Escape")
    page.locator('[data-node="manager"]').focus()
    page.keyboard.press("Delete")
    page.keyboard.press("n")
    expect(page.locator("#flow-kinds")).to_have_count(0)
    assert order(page) == ["start", "manager", "end"]
    page.get_by_role("button", name="Restore as draft").click()
    expect(page.locator("#flow-tag")).to_have_text("Draft of version 2")


def test_what_could_not_be_saved_is_kept_on_the_device(office: Office, deals: None) -> None:
    page = office.enter("administrator")
    page.goto(FLOW)
    page.route("**/draft/", lambda route: route.abort())
    page.locator('[data-node="manager"]').focus()
    add(page, "wait")
    expect(page.locator("[data-part=saved]")).to_contain_text("kept on this device")
    page.keyboard.press("Escape")
    page.unroute("**/draft/")
    page.reload()
    expect(page.locator('[data-node="w1"]')).to_be_visible()
    expect(page.locator("[data-part=saved]")).to_contain_text("Saved at")
    page.reload()
    assert order(page) == ["start", "manager", "w1", "end"]
    office.complaints[:] = [text for text in office.complaints if "ERR_FAILED" not in text]


def test_on_a_tablet_the_panel_is_a_sheet_and_axe_finds_nothing(office: Office, deals: None) -> None:
    found = []
    for size, locale in ((TABLET, "en-GB"), (PHONE, "zh-CN"), ({"width": 1440, "height": 900}, "zh-CN")):
        page = office.enter("administrator", size=size, locale=locale)
        for path in ("/settings/flows/", FLOW, f"{FLOW}versions/", f"{FLOW}import/"):
            page.goto(path)
            expect(page.locator("h1")).to_have_count(1)
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1"), path
            found += [f"{path} {size['width']} {fault}" for fault in serious(page)]
        page.goto(FLOW)
        page.locator('[data-node="manager"]').click()
        sheet = page.locator("#flow-panel")
        expect(sheet.locator("h2")).to_be_visible()
        if size["width"] < 992:
            expect(sheet).to_have_attribute("aria-modal", "true")
            assert page.locator(".ui-board-col").evaluate("one => one.inert")
        found += [f"panel {size['width']} {fault}" for fault in serious(page)]
        sheet.locator("[data-act=close]").click()
        expect(page.locator('[data-node="manager"]')).to_be_focused()
    assert found == []


def test_the_tree_operations_by_themselves(office: Office, deals: None) -> None:
    """The model alone, in the page's own module: forks that dissolve, ids that stay unique, moves that are refused."""
    page = office.enter("administrator")
    page.goto(FLOW)
    assert (
        page.evaluate(
            """async () => {
          const { FlowModel } = await import("/static/js/flow-model.js");
          const approver = (id) => ({ id, kind: "approver" });
          const model = new FlowModel({ steps: [approver("a1"),
            { id: "b1", kind: "branch", branches: [{ id: "x", when: {}, steps: [approver("a2")] }, { id: "y", steps: [approver("a3")] }] }] });
          const wrong = [];
          const is = (what, good) => { if (!good) wrong.push(what); };
          is("a default stays", model.remove("y") === null);
          is("no step goes into itself", model.wrap("a1", "parallel") && !model.move("p1", model.find("p1").node.branches[0].id, 0));
          model.undo();
          const copy = model.paste(model.copied("b1"), "a1");
          is("ids of a copy are new", new Set(model.ids()).size === model.ids().length && copy !== "b1");
          model.undo();
          is("a fork with one way left comes up", model.remove("x") && model.document.steps.map((one) => one.id).join() === "a1,a3");
          model.undo();
          is("undo brings the fork back", model.find("x") !== null);
          is("sideways", model.sideways("a2", 1) && model.find("a2").inside === "y");
          model.undo();
          is("typing is one step back", (model.set("a1", { name: "A" }), model.set("a1", { name: "AB" }), model.undo(), !model.find("a1").node.name));
          is("redo", model.redo() && model.find("a1").node.name === "AB");
          model.change(() => model.list("").splice(0, 1));
          is("a change after undo ends redo", !model.redo());
          return wrong;
        }"""
        )
        == []
    )
