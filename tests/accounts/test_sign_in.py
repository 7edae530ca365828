"""Signing in: one sentence for everything wrong, growing pauses, known devices, nobody found out."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client

from prm.accounts.models import KnownDevice, User
from prm.audit.models import AuditEntry
from prm.notices.models import Letter, Notice
from prm.outbox.services import deliver_open_events
from tests.factories.people import UserFactory

PASSWORD = "a-long-password-1"


@pytest.fixture
def visitor(tenant) -> Client:
    return new_browser()


def new_browser(address: str = "10.0.0.1") -> Client:
    return Client(HTTP_HOST="alpha.localhost", REMOTE_ADDR=address)


@pytest.fixture
def lin(db) -> User:
    user = UserFactory(manager=True, email="lin@example.com")
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(visitor: Client, email: str = "lin@example.com", password: str = PASSWORD):
    return visitor.post("/sign-in/", {"login": email, "password": password})


def sentence_of(answer) -> str:
    return " ".join(answer.context["form"].non_field_errors())


def test_the_right_password_opens_and_is_recorded(visitor, lin):
    answer = sign_in(visitor)
    assert answer.status_code == 302 and answer["Location"] == "/"
    assert visitor.session["_auth_user_id"] == str(lin.pk)
    assert AuditEntry.objects.of(lin).first().verb == "signed_in"


def test_wrong_e_mail_and_wrong_password_are_told_alike(visitor, lin):
    wrong_password = sentence_of(sign_in(visitor, password="wrong"))
    wrong_email = sentence_of(sign_in(visitor, email="nobody@example.com"))
    assert wrong_password == wrong_email
    assert "4 tries left" in wrong_password and "a pause of 1 minute" in wrong_password


def test_pauses_grow_and_end(lin, tenant):
    with time_machine.travel("2026-11-12T09:00:00Z", tick=False) as time:
        for pause in (1, 5, 15):
            for _ in range(5):
                answer = sign_in(new_browser(), password="wrong")
            assert f"Wait {pause} minute" in sentence_of(answer)
            refused = sign_in(new_browser("10.9.9.9"))
            assert refused.status_code == 200 and "Too many wrong tries" in sentence_of(refused)
            time.shift(pause * 60 + 1)
        assert sign_in(new_browser("10.9.9.9")).status_code == 302


def test_many_accounts_from_one_address_are_slowed_too(tenant):
    answers = [sign_in(new_browser(), email=f"p{n}@example.com") for n in range(21)]
    assert "Too many wrong tries" in sentence_of(answers[-1])
    assert "E-mail or password" in sentence_of(sign_in(new_browser("10.0.0.2"), email="p30@example.com"))


def test_a_person_on_a_known_device_is_never_locked_out_by_guesses(visitor, lin):
    assert sign_in(visitor).status_code == 302
    visitor.post("/sign-out/")
    for _ in range(6):
        sign_in(new_browser(), password="guess")
    assert "Too many" in sentence_of(sign_in(new_browser("10.5.5.5")))
    assert sign_in(visitor).status_code == 302
    assert KnownDevice.objects.filter(user=lin).count() == 1


def test_a_known_device_of_one_person_opens_no_way_around_for_another(visitor, lin):
    sign_in(visitor)
    visitor.post("/sign-out/")
    UserFactory(email="other@example.com")
    answers = [sign_in(visitor, email="other@example.com", password="guess") for _ in range(6)]
    assert "Too many" in sentence_of(answers[-1])


def test_person_and_administrators_are_told_of_blocked_guesses(lin):
    boss = UserFactory(administrator=True)
    for _ in range(5):
        sign_in(new_browser("10.7.7.7"), password="guess")
    deliver_open_events()
    deliver_open_events()
    assert Notice.objects.get(user=lin).kind == "accounts.guesses_blocked"
    assert Notice.objects.get(user=boss).kind == "accounts.guesses_blocked_admin"
    assert "10.7.7.7" in Letter.objects.get(to=lin.email).text
    assert AuditEntry.objects.filter(verb="sign_in_failed").count() == 5


def test_guesses_for_nobody_tell_nobody(tenant):
    UserFactory(administrator=True)
    for _ in range(5):
        sign_in(new_browser(), email="nobody@example.com")
    deliver_open_events()
    assert not Notice.objects.exists() and not Letter.objects.exists()


def test_a_deactivated_person_hears_the_same_sentence(visitor, lin):
    User.objects.filter(pk=lin.pk).update(is_active=False)
    assert "E-mail or password is not right" in sentence_of(sign_in(visitor))


def test_the_session_changes_at_sign_in_and_dies_at_sign_out(visitor, lin):
    visitor.get("/sign-in/")
    before = visitor.session.session_key
    sign_in(visitor)
    inside = visitor.session.session_key
    assert inside and inside != before
    visitor.post("/sign-out/")
    assert "_auth_user_id" not in visitor.session
    assert visitor.get("/sign-out/").status_code == 405


def test_sign_in_goes_on_to_the_page_that_was_asked_for_but_never_elsewhere(visitor, lin):
    answer = visitor.post(
        "/sign-in/?next=/account/", {"login": lin.email, "password": PASSWORD, "next": "/account/"}
    )
    assert answer["Location"] == "/account/"
    for elsewhere in (
        "https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)",
        "http://beta.localhost/", "https://localhost/operator/",  # another tenant's site, the operator's
    ):  # fmt: skip
        visitor.post("/sign-out/")
        answer = visitor.post("/sign-in/", {"login": lin.email, "password": PASSWORD, "next": elsewhere})
        assert answer["Location"] == "/", elsewhere


def test_headers_of_any_length_enter_the_audit_trail_cut(visitor, lin):
    answer = visitor.post(
        "/sign-in/", {"login": lin.email, "password": PASSWORD}, headers={"x-request-id": "r" * 500}
    )
    assert answer.status_code == 302
    assert AuditEntry.objects.get(verb="signed_in").request_id == "r" * 64


def test_there_is_no_demo_door_outside_demo_mode(visitor, lin):
    assert visitor.post("/sign-in/demo/", {"role": "administrator"}).status_code == 404
    assert visitor.get("/mailbox/").status_code == 404
    assert b"data-demo-role" not in visitor.get("/sign-in/").content


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "6.6.6.6", "10.0.0.1"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.1.1.1", "203.0.113.9"),
        (2, "10.1.1.1", "10.0.0.1"),
    ],
)
def test_the_visitors_address_is_the_one_that_our_own_proxy_saw(lin, settings, proxies, forwarded, address):
    settings.PROXIES = proxies
    new_browser().post(
        "/sign-in/", {"login": lin.email, "password": "x"}, headers={"X-Forwarded-For": forwarded}
    )
    assert AuditEntry.objects.get(verb="sign_in_failed").address == address
