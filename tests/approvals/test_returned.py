"""What comes back for changes is changed by its partner, handed in again and decided anew."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dealreg.errors import AlreadySubmitted, CloseInThePast, NothingCorrected, OwnRegistration
from dealreg.services import approve_registration, correct_registration, request_information
from orders.errors import NothingChanged, WrongState
from orders.models import Order
from orders.services import approve_order, cancel_order, resubmit_order, return_order
from prm.accounts.services import deactivate_user
from prm.approvals import services
from prm.approvals.reads import happenings
from prm.audit.models import AuditEntry
from prm.notices import work
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from prm.values import clock
from prm.values.errors import NotAllowed
from tests.approvals.flows import ADMINS, MANAGER, approver, publish, run_of, story, task_of, waits_for
from tests.factories import dealreg as deals
from tests.factories.catalogue import ProductFactory
from tests.factories.orders import order_of
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def returned(acme, manager, administrator):
    """A deal that the second of two approvers sent back."""
    publish(approver("first", MANAGER), approver("second", ADMINS))
    deal = deals.in_review(acme)
    approve_registration(registration=deal, by=manager)
    request_information(registration=deal, text="Which value is it really?", by=administrator)
    deal.refresh_from_db()
    return deal


def without_flow() -> None:
    from prm.approvals.models import FlowVersion

    FlowVersion.objects.update(state="retired")


def correct(deal, by, **changes):
    given = deals.facts(customer_name=deal.customer_name, tax_number=deal.tax_number, **changes)
    return correct_registration(registration=deal, by=by, **given)


def test_a_corrected_deal_is_decided_anew_from_the_first_step(acme, returned, manager, administrator):
    handed_in = returned.submitted_at
    deal = correct(returned, acme.sales, estimated_value=Decimal("520000"), text="It is 520,000.")
    assert (deal.state, deal.estimated_value, deal.submitted_at) == ("in_review", 520000, handed_in)
    assert waits_for(deal) == {"Lin Yue"} and story(deal)[-2:] == ["resumed", "opened"]
    told = [str(one.text) for one in happenings(run_of(deal), for_submitter=True)]
    assert "ACME Networks Sales changed it and handed it in again" in told
    entry = AuditEntry.objects.of(deal).filter(verb="corrected").get()
    assert entry.changes["estimated_value"] == ["486000.00", "520000"] and entry.reason == "It is 520,000."
    approve_registration(registration=deal, by=manager)
    assert approve_registration(registration=deal, by=administrator).state == "approved"


def test_an_answer_alone_goes_on_where_the_flow_stood(acme, returned):
    deal = correct(returned, acme.sales, text="The value is right.")
    assert (deal.state, waits_for(deal)) == ("in_review", {"Ada Admin"})
    with pytest.raises(AlreadySubmitted):
        correct(deal, acme.sales, text="Twice")


def test_whom_a_colleague_added_is_asked_again_after_an_answer_and_not_after_a_change(
    acme, manager, administrator
):
    publish(approver("first", MANAGER))
    deal, boss = deals.in_review(acme), UserFactory(administrator=True, name="Bao Ling")
    gone = UserFactory(administrator=True, name="Gao Xin")
    for further in (boss, gone):
        services.add_approver(task=task_of(deal, manager), user=further, by=manager)
    request_information(registration=deal, text="Which value is it really?", by=manager)
    deactivate_user(user=gone, by=administrator)
    deal.refresh_from_db()
    deal = correct(deal, acme.sales, text="The value is right.")
    assert waits_for(deal) == {"Lin Yue", "Bao Ling"}
    assert approve_registration(registration=deal, by=manager).state == "in_review"
    request_information(registration=deal, text="And the day?", by=actor(boss))
    deal.refresh_from_db()
    deal = correct(deal, acme.sales, estimated_value=Decimal("520000"), text="More.")
    assert waits_for(deal) == {"Lin Yue"}


def test_nothing_changed_and_nothing_said_is_no_answer(acme, returned):
    with pytest.raises(NothingCorrected):
        correct(returned, acme.sales)
    with pytest.raises(CloseInThePast):
        correct(returned, acme.sales, expected_close=clock.today().replace(year=2020))
    returned.refresh_from_db()
    assert (returned.state, run_of(returned).state) == ("info_requested", "returned")


def test_another_customer_is_found_and_checked_anew(acme, rival, manager, returned):
    held = deals.in_review(rival, customer_name="Suzhou Ruigu Precision GmbH")
    given = deals.facts(customer_name="Suzhou Ruigu Precision GmbH")
    deal = correct_registration(registration=returned, by=acme.sales, **given)
    assert deal.end_customer_id == held.end_customer_id and deal.verdict == "possible"
    assert run_of(deal).title == "Suzhou Ruigu Precision GmbH"


def test_only_its_own_partner_corrects_it_and_nobody_decides_what_they_wrote(
    acme, rival, manager, administrator, returned
):
    with pytest.raises(NotAllowed):
        correct(returned, rival.sales, text="Mine now")
    deal = correct(returned, manager, estimated_value=Decimal(1))
    with pytest.raises(OwnRegistration):
        approve_registration(registration=deal, by=manager)


def test_without_a_flow_the_deciders_are_told(acme, manager):
    without_flow()
    deal = deals.in_review(acme)
    request_information(registration=deal, text="Which value?", by=manager)
    correct(deal, acme.sales, estimated_value=Decimal("520000"))
    deliver_open_events()
    assert Notice.objects.filter(user_id=manager.user_id, kind="dealreg.corrected").count() == 1


def test_the_partner_reads_what_was_asked_above_the_form_and_hands_in_again(acme, returned, browse):
    client, address = browse(acme.sales), f"/deals/{returned.number}/edit/"
    page = client.get(address).content.decode()
    assert page.index("Which value is it really?") < page.index('name="estimated_value"')
    assert 'value="486000.00"' in page
    assert address in client.get(f"/deals/{returned.number}/").content.decode()
    line = returned.lines.get().product_line_id
    typed = {
        "customer_name": returned.customer_name, "product_lines": [line], "estimated_value": "",
        "expected_close": returned.expected_close.isoformat(),
    }  # fmt: skip
    assert client.post(address, typed).status_code == 422
    done = client.post(address, {**typed, "estimated_value": "520,000"})
    assert done["Location"] == f"/deals/{returned.number}/"
    returned.refresh_from_db()
    assert (returned.state, returned.estimated_value) == ("in_review", 520000)
    assert client.get(address).status_code == 302


def test_a_deal_of_somebody_else_is_not_there(rival, returned, browse):
    assert browse(rival.sales).get(f"/deals/{returned.number}/edit/").status_code == 404


# ---- orders ----


@pytest.fixture
def order(acme, manager, administrator):
    """An order that the second of two approvers sent back."""
    publish(approver("first", MANAGER), approver("second", ADMINS), subject="order")
    router = ProductFactory(code="R-1", list_price=Decimal(100), tax_rate=Decimal("0.13"))
    order = order_of(acme.row, items=[(router, Decimal(10))], by=acme.sales)
    approve_order(order=order, by=manager)
    services.hand_back(task=task_of(order, administrator), by=administrator, text="Ten are too many.")
    order.refresh_from_db()
    return order


def items(order: Order, quantity: int):
    return [(line.product, Decimal(quantity)) for line in order.lines.select_related("product")]


def test_a_returned_order_is_changed_and_decided_anew(acme, order, manager, administrator):
    assert (order.state, order.state_reason, run_of(order).state) == (
        "returned", "Ten are too many.", "returned",
    )  # fmt: skip
    order = resubmit_order(order=order, items=items(order, 4), by=acme.sales, text="Four will do.")
    assert (order.state, order.net_total, waits_for(order)) == ("submitted", 400, {"Lin Yue"})
    approve_order(order=order, by=manager)
    assert approve_order(order=order, by=administrator).state == "approved"
    verbs = set(AuditEntry.objects.of(order).values_list("verb", flat=True))
    assert {"returned", "resubmitted"} <= verbs


def test_an_order_that_is_unchanged_needs_an_answer_and_then_goes_on_where_it_was(acme, order):
    with pytest.raises(NothingChanged):
        resubmit_order(order=order, items=items(order, 10), by=acme.sales)
    order = resubmit_order(order=order, items=items(order, 10), by=acme.sales, text="We need ten.")
    assert (order.state, waits_for(order)) == ("submitted", {"Ada Admin"})
    with pytest.raises(WrongState):
        resubmit_order(order=order, items=items(order, 3), by=acme.sales)


def test_without_a_flow_an_order_goes_back_from_its_page_and_comes_again(acme, manager, browse):
    without_flow()
    order = order_of(acme.row, by=acme.sales)
    client = browse(manager)
    assert "Send back" in client.get(order.get_absolute_url()).content.decode()
    client.post(f"/orders/{order.number}/return/", {"text": "Which address?"})
    order.refresh_from_db()
    assert order.state == "returned"
    deliver_open_events()
    assert Notice.objects.filter(user_id=acme.sales.user_id, kind="orders.returned").count() == 1
    resubmit_order(order=order, items=items(order, 1), by=acme.sales, ship_to="Dock 4")
    deliver_open_events()
    assert Notice.objects.filter(user_id=manager.user_id, kind="orders.resubmitted").count() == 1
    assert return_order(order=order, text="And the day?", by=manager).state == "returned"


def test_a_returned_order_waits_in_its_partners_inbox_and_can_be_cancelled(acme, order, browse):
    assert [row.title for row in work.waiting_for(acme.sales)] == [order.number]
    page = browse(acme.sales).get(f"/orders/{order.number}/edit/").content.decode()
    assert page.index("Ten are too many.") < page.index("Submit again")
    assert "Waiting for <b>you</b>" in browse(acme.sales).get(order.get_absolute_url()).content.decode()
    assert cancel_order(order=order, by=acme.sales).state == "cancelled"
    assert run_of(order).state == "cancelled"


def test_a_returned_order_is_changed_on_its_page(acme, order, browse):
    product = order.lines.get().product_id
    sent = browse(acme.sales).post(
        f"/orders/{order.number}/edit/", {f"product_{product}": "4", "text": "Four will do."}
    )
    assert sent["Location"] == order.get_absolute_url()
    order.refresh_from_db()
    assert (order.state, order.net_total) == ("submitted", 400)
