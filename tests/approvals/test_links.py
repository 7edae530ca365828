"""The signed link in a letter: crawlers may look, only a button decides, and it dies with what it was for."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from dealreg.services import approve_registration, request_information
from prm.approvals import links, services
from prm.approvals.models import Task
from prm.approvals.reads import happenings
from prm.audit.models import AuditEntry
from prm.notices.models import Letter
from prm.outbox.services import deliver_open_events
from tests.approvals.flows import ADMINS, MANAGER, approver, publish, run_of, task_of
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor():
    return Client(HTTP_HOST="alpha.localhost")


@pytest.fixture
def deal(acme, manager):
    return deals.in_review(acme)


def address(letter: Letter) -> str:
    return re.search(r"https?://[^/\s]+(/decide/\S+)", letter.text)[1]


def letter_to(user_id: int) -> Letter:
    from prm.accounts.models import User

    deliver_open_events()
    return Letter.objects.filter(to=User.objects.get(pk=user_id).email).latest("pk")


def test_twenty_crawlers_look_then_the_person_decides(deal, manager, visitor):
    link = address(letter_to(manager.user_id))
    for number in range(20):
        seen = visitor.head(link) if number % 4 == 3 else visitor.get(link)
        assert seen.status_code == 200
        assert "sessionid" not in seen.cookies
    deal.refresh_from_db()
    assert deal.state == "in_review"
    done = visitor.post(link, {"answer": "approve", "text": "Fine"})
    assert done.status_code == 200
    deal.refresh_from_db()
    assert (deal.state, deal.decided_by_id) == ("approved", manager.user_id)
    entry = AuditEntry.objects.of(deal).first()
    assert (entry.verb, entry.actor_kind) == ("approved", "link")
    assert visitor.get("/inbox/").status_code == 302  # nobody was signed in


def test_the_way_to_the_task_is_offered_to_its_person_only(deal, acme, manager, visitor, browse):
    link = address(letter_to(manager.user_id))
    task = f'href="/inbox/decisions/{task_of(deal, manager).pk}/"'
    offered = [
        task in client.get(link).content.decode() for client in (visitor, browse(manager), browse(acme.sales))
    ]
    assert offered == [True, True, False]


def test_whoever_is_signed_in_as_somebody_else_decides_nothing_by_it(
    deal, acme, manager, administrator, browse
):
    link = address(letter_to(manager.user_id))
    for person in (administrator, acme.admin):
        client = browse(person)
        assert "not yours" in client.get(link).content.decode()
        assert client.post(link, {"answer": "approve"}).status_code == 403
    assert run_of(deal).state == "running"
    assert browse(manager).post(link, {"answer": "approve"}).status_code == 200
    assert run_of(deal).state == "approved"


def test_the_history_says_that_it_was_decided_by_a_link(deal, manager, administrator, visitor, browse):
    visitor.post(address(letter_to(manager.user_id)), {"answer": "approve"})
    (told,) = [one.text for one in happenings(run_of(deal), for_submitter=False) if one.tone == "ok"]
    assert told == "Lin Yue approved by the link of a letter: Channel manager"
    entry = AuditEntry.objects.of(deal).get(verb="approved")
    assert "Link of a letter" in browse(administrator).get(entry.get_absolute_url()).content.decode()


def test_a_second_press_in_another_tab_finds_it_over(deal, manager, visitor):
    link = address(letter_to(manager.user_id))
    assert visitor.post(link, {"answer": "approve"}).status_code == 200
    assert visitor.post(link, {"answer": "reject", "text": "No"}).status_code == 410
    assert visitor.get(link).status_code == 410
    assert run_of(deal).state == "approved"


def test_a_rejection_needs_its_reason(deal, manager, visitor):
    link = address(letter_to(manager.user_id))
    assert visitor.post(link, {"answer": "reject"}).status_code == 422
    assert visitor.post(link, {}).status_code == 422
    assert visitor.post(link, {"answer": "reject", "text": "A named account"}).status_code == 200
    deal.refresh_from_db()
    assert deal.state == "rejected"


def test_it_dies_with_a_hand_over_a_return_and_a_decision_elsewhere(
    acme, deal, manager, administrator, visitor
):
    old = address(letter_to(manager.user_id))
    chen = UserFactory(role="finance", name="Chen Rui")
    services.hand_over(task=task_of(deal, manager), user=chen, by=manager)
    assert visitor.post(old, {"answer": "approve"}).status_code == 410
    new = address(letter_to(chen.pk))
    assert visitor.get(new).status_code == 200
    asked = deals.in_review(acme, customer_name="Asked")
    link = address(letter_to(manager.user_id))
    request_information(registration=asked, text="Who?", by=manager)
    assert visitor.post(link, {"answer": "approve"}).status_code == 410
    decided = deals.in_review(acme, customer_name="Decided")
    link = address(letter_to(manager.user_id))
    approve_registration(registration=decided, by=administrator)
    assert visitor.post(link, {"answer": "approve"}).status_code == 410


def test_it_dies_with_another_version_of_the_flow_and_with_the_person(deal, manager, administrator, visitor):
    from prm.accounts.models import User

    link = address(letter_to(manager.user_id))
    version = publish(approver("manager", MANAGER), approver("second", ADMINS))
    services.move_run(run=run_of(deal), version=version, by=administrator)
    assert visitor.post(link, {"answer": "approve"}).status_code == 410
    fresh = f"/decide/{links.token_of(task_of(deal, manager))}/"
    assert visitor.get(fresh).status_code == 200
    User.objects.filter(pk=manager.user_id).update(is_active=False)
    assert visitor.get(fresh).status_code == 410


def test_a_link_of_one_task_opens_no_other(deal, acme, manager, visitor):
    other = deals.in_review(acme, customer_name="Other")
    first, second = task_of(deal, manager), task_of(other, manager)
    signature = links.token_of(first).partition("-")[2]
    for token in (f"{second.pk}-{signature}", f"{first.pk}-", "1", "x-y", f"{'9' * 30}-{signature}"):
        assert visitor.get(f"/decide/{token}/").status_code == 410
        assert visitor.post(f"/decide/{token}/", {"answer": "approve"}).status_code == 410
    assert Task.objects.open().count() == 2


def test_the_database_alone_makes_no_link(deal, manager, visitor, settings):
    token = links.token_of(task_of(deal, manager))
    settings.SECRET_KEY = "another installation"
    assert visitor.get(f"/decide/{token}/").status_code == 410


def test_where_the_subject_says_so_there_is_no_link(acme, manager, visitor, monkeypatch):
    from dataclasses import replace

    from prm.approvals import subjects

    monkeypatch.setitem(subjects._subjects, "deal", replace(subjects.subject_of("deal"), links=False))
    deal = deals.in_review(acme)
    letter = letter_to(manager.user_id)
    assert "/decide/" not in letter.text and f"/inbox/decisions/{task_of(deal, manager).pk}/" in letter.text
    assert visitor.get(f"/decide/{links.token_of(task_of(deal, manager))}/").status_code == 410


def test_no_page_of_it_is_kept_or_told_on(deal, manager, visitor):
    answer = visitor.get(address(letter_to(manager.user_id)))
    assert answer["Referrer-Policy"] == "strict-origin"
    assert "no-store" in answer["Cache-Control"]
