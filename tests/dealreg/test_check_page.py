"""May I register this customer? One layout and one time for every answer."""

from __future__ import annotations

import re

from dealreg.models import AvailabilityQuestion
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory

HTMX = {"HX-Request": "true"}


def ask(client, name="Hangzhou Xunda Logistics Co., Ltd.") -> str:
    """Ask on the page; the address of the answer."""
    deals.registration_type()
    response = client.post("/check/", {"customer_name": name, "product_lines": [deals.line().pk]})
    assert response.status_code == 302
    return response["Location"].split("#")[0]


def shape(page: str) -> list[str]:
    """The tags of a part of a page, without words and addresses."""
    return re.findall(r"<(/?\w+)", page)


def test_before_the_tick_nothing_is_told(acme, browse, time_machine):
    time_machine.move_to("2026-11-12T01:22:00Z", tick=False)
    client = browse(acme.sales)
    address = ask(client)
    early = client.get(address, headers=HTMX).content.decode()
    assert "Looking" in early
    assert "delay:501ms" in early
    time_machine.move_to("2026-11-12T01:22:00.600Z", tick=False)
    assert "Yes, you can register it" in client.get(address, headers=HTMX).content.decode()


def test_clear_possible_and_blocked_look_alike_before_and_differ_only_in_words_after(
    acme, rival, manager, browse, time_machine
):
    time_machine.move_to("2026-11-25T01:00:00Z", tick=False)
    deals.approved(rival, manager, customer_name="浙江迅达供应链管理有限公司")
    time_machine.move_to("2026-11-25T01:22:00Z", tick=False)
    client = browse(acme.sales)
    addresses = [
        ask(client, name) for name in ("Taizhou Bay Robotics", "迅达供应链", "浙江迅达供应链管理有限公司")
    ]
    early = [
        re.sub(r"/check/\w+/|<p>.*?</p>", "", client.get(one, headers=HTMX).content.decode())
        for one in addresses
    ]
    assert len(set(early)) == 1
    time_machine.move_to("2026-11-25T01:22:01Z", tick=False)
    answers = list(
        AvailabilityQuestion.objects.visible_to(acme.sales).order_by("pk").values_list("answer", flat=True)
    )
    assert answers == ["clear", "under_review", "not_available"]
    shapes = [shape(client.get(one, headers=HTMX).content.decode()) for one in addresses]
    assert shapes[0] == shapes[1] == shapes[2]


def test_the_answer_names_the_free_and_the_held_product_lines(acme, rival, manager, browse, time_machine):
    time_machine.move_to("2026-11-25T01:00:00Z", tick=False)
    held, free = deals.line(), deals.line("sensors")
    deals.approved(rival, manager, product_lines=[held])
    client = browse(acme.sales)
    typed = {"customer_name": "Hangzhou Xunda Logistics Co., Ltd.", "product_lines": [held.pk, free.pk]}
    address = client.post("/check/", typed)["Location"].split("#")[0]
    token = address.rstrip("/").split("/")[-1]
    assert "Sensors" not in client.get(address, headers=HTMX).content.decode()
    time_machine.move_to("2026-11-25T01:00:01Z", tick=False)
    page = client.get(address, headers=HTMX).content.decode()
    assert f"You can register it for Sensors. Not available today: {held}" in page
    assert rival.name not in page
    assert "Not available for" in client.get(f"{address}?short=1", headers=HTMX).content.decode()
    form = client.get(f"/deals/new/?from={token}").content.decode()
    assert re.search(rf'value="{free.pk}"[^>]*checked', form)
    assert not re.search(rf'value="{held.pk}"[^>]*checked', form)
    assert "For some product lines" in client.get("/check/").content.decode()


def test_two_product_lines_of_one_name_are_told_apart(acme, rival, manager, browse, time_machine):
    time_machine.move_to("2026-11-25T01:00:00Z", tick=False)
    held, free = deals.line(), deals.line("routing-2")
    type(free).objects.filter(pk=free.pk).update(name=held.name)
    deals.approved(rival, manager, product_lines=[held])
    typed = {"customer_name": "Hangzhou Xunda Logistics Co., Ltd.", "product_lines": [held.pk, free.pk]}
    client = browse(acme.sales)
    token = client.post("/check/", typed)["Location"].split("#")[0].rstrip("/").split("/")[-1]
    time_machine.move_to("2026-11-25T01:00:01Z", tick=False)
    form = client.get(f"/deals/new/?from={token}").content.decode()
    assert re.search(rf'value="{free.pk}"[^>]*checked', form)
    assert not re.search(rf'value="{held.pk}"[^>]*checked', form)


def test_a_line_that_the_company_has_registered_is_not_called_unavailable(acme, browse, time_machine):
    time_machine.move_to("2026-11-25T01:00:00Z", tick=False)
    mine, free = deals.line(), deals.line("sensors")
    deals.in_review(acme, product_lines=[mine])
    client = browse(acme.sales)
    typed = {"customer_name": "Hangzhou Xunda Logistics Co., Ltd.", "product_lines": [mine.pk, free.pk]}
    address = client.post("/check/", typed)["Location"].split("#")[0]
    time_machine.move_to("2026-11-25T01:00:01Z", tick=False)
    page = client.get(address, headers=HTMX).content.decode()
    assert f"You can register it for Sensors. For {mine} your company has a registration already." in page
    assert "Not available" not in page


def test_answers_for_several_lines_look_alike_whatever_they_are(acme, rival, manager, browse, time_machine):
    time_machine.move_to("2026-11-25T01:00:00Z", tick=False)
    lines = [deals.line(), deals.line("sensors")]
    deals.approved(rival, manager, product_lines=lines)
    client = browse(acme.sales)
    shapes = []
    for name in ("Taizhou Bay Robotics", "Hangzhou Xunda Logistics Co., Ltd."):
        typed = {"customer_name": name, "product_lines": [line.pk for line in lines]}
        address = client.post("/check/", typed)["Location"].split("#")[0]
        time_machine.shift(1)
        shapes.append(shape(client.get(address, headers=HTMX).content.decode()))
    assert shapes[0] == shapes[1]


def test_a_form_that_asks_again_with_other_lines_asks_one_question(acme, browse, time_machine):
    time_machine.move_to("2026-11-25T01:00:00Z", tick=False)
    deals.registration_type()
    client = browse(acme.sales)
    lines = [deals.line(code) for code in ("pumps", "valves", "sensors", "drives")]
    for count in range(1, 5):
        typed = {"customer_name": "Taizhou Bay Robotics", "product_lines": [one.pk for one in lines[:count]]}
        client.post("/deals/verdict/", typed, headers=HTMX)
    questions = AvailabilityQuestion.objects.visible_to(acme.sales)
    assert [one.counts for one in questions.order_by("pk")] == [True, False, False, False]
    assert not questions.filter(answer="ask_manager").exists()


def test_going_on_with_a_question_does_not_get_round_the_limit(acme, browse, time_machine):
    time_machine.move_to("2026-11-25T01:00:00Z", tick=False)
    deals.registration_type()
    client = browse(acme.sales)
    lines = [deals.line(code) for code in ("pumps", "valves", "sensors", "drives", "meters")]
    for line in lines:  # every fourteen minutes another line, for an hour
        client.post(
            "/deals/verdict/", {"customer_name": "Taizhou Bay", "product_lines": [line.pk]}, headers=HTMX
        )
        time_machine.shift(14 * 60)
    questions = AvailabilityQuestion.objects.visible_to(acme.sales).order_by("pk")
    assert [one.counts for one in questions] == [True, False, True, False, True]


def test_other_names_with_one_web_domain_are_questions_of_their_own(acme, browse, time_machine):
    time_machine.move_to("2026-11-25T01:00:00Z", tick=False)
    deals.registration_type()
    client = browse(acme.sales)
    for name in ("Taizhou Bay", "Ningbo Port", "Wenzhou Valve", "Jiaxing Silk"):
        typed = {"customer_name": name, "domain": "taizhoubay.cn", "product_lines": [deals.line().pk]}
        client.post("/deals/verdict/", typed, headers=HTMX)
    answers = list(
        AvailabilityQuestion.objects.visible_to(acme.sales).order_by("pk").values_list("answer", flat=True)
    )
    assert answers[3] == "ask_manager" and "ask_manager" not in answers[:3]


def test_the_fourth_question_goes_to_the_channel_manager(acme, manager, browse, time_machine):
    time_machine.move_to("2026-11-12T01:22:00Z", tick=False)
    client = browse(acme.sales)
    for _ in range(3):
        ask(client)
    address = ask(client)
    time_machine.move_to("2026-11-12T01:23:00Z", tick=False)
    page = client.get(address).content.decode()
    assert "Ask your channel manager" in page
    assert "Lin Yue" in page
    while deliver_open_events():
        pass
    told = Notice.objects.get(kind="dealreg.asked_too_often")
    assert (told.user_id, told.values["partner"]) == (manager.user_id, acme.name)


def test_the_answer_carries_over_into_the_registration(acme, browse):
    client = browse(acme.sales)
    token = ask(client, "Taizhou Bay Robotics").split("/")[-2]
    page = client.get(f"/deals/new/?from={token}").content.decode()
    assert 'value="Taizhou Bay Robotics"' in page
    assert re.search(rf'value="{deals.line().pk}"[^>]*checked', page)


def test_the_line_under_the_name_asks_once_for_the_same_words(acme, browse):
    deals.registration_type()
    client = browse(acme.sales)
    typed = {"customer_name": "Taizhou Bay Robotics", "product_lines": [deals.line().pk]}
    assert "Looking" in client.post("/deals/verdict/", typed, headers=HTMX).content.decode()
    for _ in range(4):
        assert client.post("/deals/verdict/", typed, headers=HTMX).status_code == 200
    assert AvailabilityQuestion.objects.visible_to(acme.sales).count() == 1
    assert "Checked as soon as" in client.post("/deals/verdict/", {"customer_name": "T"}).content.decode()


def test_staff_who_write_for_a_partner_read_the_verdict_itself(acme, rival, manager, browse):
    deals.approved(rival, manager)
    typed = {
        "customer_name": "Hangzhou Xunda Logistics",
        "product_lines": [deals.line().pk],
        "partner": acme.row.pk,
    }
    page = browse(manager).post("/deals/verdict/", typed, headers=HTMX).content.decode()
    assert "Conflict check: Blocked" in page
    assert not AvailabilityQuestion.objects.visible_to(manager).exists()


def test_a_wrong_tax_number_is_told_on_its_field(acme, browse):
    deals.registration_type()
    typed = {"customer_name": "Anji", "product_lines": [deals.line().pk], "tax_number": "91330109MA2H4K7Q3A"}
    response = browse(acme.sales).post("/check/", typed)
    assert response.status_code == 422
    assert "check digit" in response.content.decode()


def test_staff_have_no_page_to_ask(db, browse):
    assert browse(UserFactory(role="channel_manager", all_partners=True)).get("/check/").status_code == 403


def test_the_box_on_the_first_page_asks_the_whole_question_once(acme, browse, time_machine):
    time_machine.move_to("2026-11-12T01:22:00Z", tick=False)
    deals.registration_type()
    line, client = deals.line(), browse(acme.sales)
    page = client.get("/").content.decode()
    box = re.search(r'<form action="/check/" method="post".*?</form>', page, re.DOTALL)[0]
    assert 'name="customer_name"' in box and f'value="{line.pk}"' in box and "checked" in box
    client.post("/check/", {"customer_name": "Taizhou Bay Robotics", "product_lines": [line.pk]})
    assert AvailabilityQuestion.objects.visible_to(acme.sales).count() == 1


def test_a_question_is_not_called_under_review(acme, rival, manager, browse, time_machine):
    time_machine.move_to("2026-11-25T01:00:00Z", tick=False)
    deals.approved(rival, manager, customer_name="浙江迅达供应链管理有限公司")
    client = browse(acme.sales)
    address = ask(client, "迅达供应链")
    time_machine.move_to("2026-11-25T01:22:01Z", tick=False)
    page = (
        client.get("/check/").content.decode()
        + client.get(address + "?short=1", headers=HTMX).content.decode()
    )
    assert page.count("Needs a closer look") == 2 and "Under review" not in page


def test_the_companys_own_registration_is_no_conflict_but_the_way_there(acme, manager, browse, time_machine):
    time_machine.move_to("2026-11-25T01:00:00Z", tick=False)
    deal = deals.approved(acme, manager, customer_name="浙江迅达供应链管理有限公司")
    client = browse(acme.sales)
    address = ask(client, "浙江迅达供应链管理有限公司")
    time_machine.move_to("2026-11-25T01:22:01Z", tick=False)
    page = client.get(address, headers=HTMX).content.decode()
    assert "You have registered it already" in page and f"/deals/{deal.number}/" in page
    assert "not available" not in page.lower()
    assert "Registered by you" in client.get("/check/").content.decode()
