"""One form is one registration: pressed twice at once, or pressed while its draft saves itself."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from dealreg import errors
from dealreg.models import DealRegistration
from dealreg.services import register_deal, save_draft, withdraw_registration
from prm.values import clock
from tests.factories import dealreg as deals


@pytest.fixture
def at_once(fresh_tenant):
    """Run functions at the same moment, each on a connection of its own; answers or exceptions."""

    def run(*functions):
        barrier = Barrier(len(functions))

        def call(function):
            connection.set_tenant(fresh_tenant)
            try:
                barrier.wait()
                return function()
            except Exception as problem:
                return problem
            finally:
                connection.close()

        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(call, functions))

    return run


def all_registrations():
    return DealRegistration.objects.for_everyone(because="a test")


def press(company, attempt, **changes):
    """A press on the form's button, ready to be called: what is typed is read before."""
    typed, row, by = deals.facts(**changes), company.row, company.sales
    return lambda: register_deal(partner=row, by=by, attempt=attempt, **typed)


def save_itself(company, attempt, **changes):
    typed, row, by = deals.facts(**changes), company.row, company.sales
    return lambda: save_draft(partner=row, by=by, attempt=attempt, **typed)


def test_pressed_three_times_at_once_it_is_one_registration_and_clear(at_once, acme):
    answers = at_once(*[press(acme, uuid4())] * 3)
    assert {getattr(answer, "pk", answer) for answer in answers} == {all_registrations().get().pk}
    assert [answer.verdict for answer in answers] == ["clear"] * 3


def test_a_draft_that_saves_itself_while_the_form_is_pressed_makes_no_second_row(at_once, acme):
    for number in range(6):
        attempt, name = uuid4(), f"Anji Bamboo {number} Works"
        submit = press(acme, attempt, customer_name=name)
        saved, submitted = at_once(save_itself(acme, attempt, customer_name=name), submit)
        one = all_registrations().get(attempt=attempt)
        assert (submitted.pk, one.state) == (one.pk, "in_review"), submitted
        # First it began the draft that was handed in; too late it is told so.
        assert getattr(saved, "pk", None) == one.pk or isinstance(saved, errors.AlreadySubmitted), saved
    assert all_registrations().count() == 6


def test_two_saves_of_one_form_at_once_begin_one_draft(at_once, acme):
    answers = at_once(*[save_itself(acme, uuid4())] * 4)
    assert {getattr(answer, "pk", answer) for answer in answers} == {all_registrations().get().pk}


def test_another_forms_attempt_is_another_registration(acme):
    assert press(acme, uuid4())().pk != press(acme, uuid4())().pk
    assert press(acme, None)().pk != press(acme, None)().pk


def test_somebody_elses_mark_is_as_none(acme, rival):
    attempt = uuid4()
    theirs = press(acme, attempt)()
    own = press(rival, attempt)()
    assert own.pk != theirs.pk
    assert (own.partner, press(rival, attempt)().pk) == (rival.row, own.pk)
    draft = save_itself(rival, uuid4())()
    assert press(acme, draft.attempt)().partner == acme.row
    draft.refresh_from_db()
    assert (draft.partner, draft.state) == (rival.row, "draft")


def test_the_database_refuses_a_second_row_of_one_attempt(acme):
    one, other = press(acme, uuid4())(), press(acme, uuid4())()
    with pytest.raises(IntegrityError, match="one_registration_per_attempt"), transaction.atomic():
        all_registrations().filter(pk=other.pk).update(attempt=one.attempt)


@pytest.mark.parametrize(
    "other",
    [
        {"customer_name": "Anji Bamboo Works"},
        {"estimated_value": Decimal("1")},
        {"expected_close": clock.today() + timedelta(days=90)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_who_types_another_deal_over_a_form_that_was_sent_is_told(acme, other):
    attempt = uuid4()
    made = press(acme, attempt)()
    with pytest.raises(errors.AttemptSpent, match=made.number):
        press(acme, attempt, **other)()
    assert all_registrations().count() == 1


def test_a_draft_that_was_withdrawn_meanwhile_is_not_taken_for_handed_in(acme):
    draft = save_itself(acme, uuid4())()
    withdraw_registration(registration=draft, by=acme.sales)
    with pytest.raises(errors.AlreadyWithdrawn):
        press(acme, draft.attempt)()


# The page


def typed(**changes):
    return {
        "customer_name": "Taizhou Bay Robotics",
        "product_lines": [deals.line().pk],
        "estimated_value": "264,000",
        "expected_close": (clock.today() + timedelta(days=60)).isoformat(),
        **changes,
    }


def mark_of(response) -> str:
    return re.search(r'name="attempt" value="([0-9a-f-]{36})"', response.content.decode())[1]


def test_each_form_that_is_shown_carries_a_mark_of_its_own(acme, browse):
    deals.registration_type()
    client = browse(acme.sales)
    assert mark_of(client.get("/deals/new/")) != mark_of(client.get("/deals/new/"))


def test_the_second_press_leads_to_the_same_page(acme, browse):
    deals.registration_type()
    client = browse(acme.sales)
    sent = typed(attempt=mark_of(client.get("/deals/new/")))
    first, second = client.post("/deals/new/", sent), client.post("/deals/new/", sent)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"] == all_registrations().get().get_absolute_url()


def test_a_press_before_the_answer_to_the_draft_finds_the_draft(acme, browse):
    deals.registration_type()
    client = browse(acme.sales)
    mark = mark_of(client.get("/deals/new/"))
    client.post("/deals/draft/", {"customer_name": "Taizhou", "attempt": mark})
    client.post("/deals/draft/", {"customer_name": "Taizhou Bay", "attempt": mark})
    draft = all_registrations().get()
    assert (draft.customer_name, draft.attempt) == ("Taizhou Bay", UUID(mark))
    assert mark_of(client.get(f"/deals/{draft.number}/edit/")) == mark
    client.post("/deals/new/", typed(attempt=mark))
    assert all_registrations().get().state == "in_review"


def test_a_form_that_was_sent_can_be_typed_over_and_sent_once_more(acme, browse):
    deals.registration_type()
    client = browse(acme.sales)
    mark = mark_of(client.get("/deals/new/"))
    client.post("/deals/new/", typed(attempt=mark))
    answer = client.post("/deals/new/", typed(attempt=mark, customer_name="Anji Bamboo Works"))
    assert answer.status_code == 422
    assert all_registrations().get().number in answer.content.decode()
    again = mark_of(answer)
    assert again != mark
    client.post("/deals/new/", typed(attempt=again, customer_name="Anji Bamboo Works"))
    assert all_registrations().count() == 2


@pytest.mark.parametrize("mark", ["", "x", "1234", "é" * 36])
def test_what_is_no_mark_is_as_none(acme, browse, mark):
    deals.registration_type()
    assert browse(acme.sales).post("/deals/new/", typed(attempt=mark)).status_code == 302
    assert all_registrations().get().attempt is None


def test_a_form_that_lacks_something_keeps_its_mark(acme, browse):
    deals.registration_type()
    mark = str(uuid4())
    assert mark_of(browse(acme.sales).post("/deals/new/", typed(attempt=mark, customer_name=""))) == mark
