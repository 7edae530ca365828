"""One's own account: sessions, language, password, letters."""

from __future__ import annotations

import pytest

from prm.accounts.models import User
from prm.notices.models import Letter, Preference
from prm.outbox.services import deliver_open_events
from tests.accounts.helpers import path_in, visitor
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password-1"


@pytest.fixture
def lin(db) -> User:
    user = UserFactory(manager=True, email="lin@example.com")
    user.set_password(PASSWORD)
    user.save()
    return user


def inside(address: str = "10.0.0.1", agent: str = "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"):
    browser = visitor(address)
    browser.defaults["HTTP_USER_AGENT"] = agent
    assert browser.post("/sign-in/", {"login": "lin@example.com", "password": PASSWORD}).status_code == 302
    return browser


def test_sessions_are_listed_and_others_ended(lin):
    here, there = inside(), inside("10.0.0.2", "Mozilla/5.0 (iPhone) Safari/605")
    page = here.get("/account/sessions/")
    assert [row["device"] for row in page.context["rows"] if row["here"]] == ["Firefox, Windows"]
    assert b"Safari, iPhone" in page.content and b"This device" in page.content
    here.post("/account/sessions/end-others/")
    assert there.get("/account/").status_code == 302 and here.get("/account/").status_code == 200


def test_one_ends_only_ones_own_sessions(lin):
    here = inside()
    other = UserFactory(manager=True)
    other.set_password(PASSWORD)
    other.save()
    stranger = visitor()
    stranger.post("/sign-in/", {"login": other.email, "password": PASSWORD})
    theirs = stranger.get("/account/sessions/").context["rows"][0]["session"].pk
    assert here.post(f"/account/sessions/{theirs}/end/").status_code == 404
    assert here.post("/account/sessions/999999/end/").status_code == 404
    assert stranger.get("/account/").status_code == 200


def test_the_chosen_language_wins_until_it_is_given_back_to_the_browser(lin):
    browser = inside()
    chinese = {"Accept-Language": "zh-CN"}
    assert b'lang="zh-Hans"' in browser.get("/account/", headers=chinese).content
    form = {"name": "Lin Yue", "title": "", "phone": ""}
    browser.post("/account/", form | {"language": "en"})
    assert b'lang="en"' in browser.get("/account/", headers=chinese).content
    browser.post("/account/", form | {"language": ""})
    assert b'lang="zh-Hans"' in browser.get("/account/", headers=chinese).content


def test_a_new_password_needs_the_present_one_and_ends_other_sessions(lin):
    here, there = inside(), inside()
    form = {"oldpassword": "wrong", "password1": "another-password-2", "password2": "another-password-2"}
    assert here.post("/password/change/", form).status_code == 200
    assert here.post("/password/change/", form | {"oldpassword": PASSWORD}).status_code == 302
    assert here.get("/account/").status_code == 200 and there.get("/account/").status_code == 302
    deliver_open_events()
    assert "password was changed" in Letter.objects.get(to=lin.email).text


def test_a_forgotten_password_is_set_by_letter_and_nobody_is_found_out(lin):
    browser = visitor()
    known = browser.post("/password/reset/", {"email": "LIN@example.com"}, follow=True)
    unknown = visitor().post("/password/reset/", {"email": "nobody@example.com"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    deliver_open_events()
    letter = Letter.objects.get()
    assert letter.to == lin.email
    path = path_in(letter, "/password/reset/")
    form_page = browser.get(path, follow=True)
    action = form_page.context["action_url"]
    answer = browser.post(action, {"password1": "another-password-2", "password2": "another-password-2"})
    assert answer["Location"] == "/password/reset/done/"
    lin.refresh_from_db()
    assert lin.check_password("another-password-2")
    assert b"no longer works" in visitor().get(path).content


def test_letters_of_a_kind_may_be_refused(lin):
    browser = inside()
    page = browser.get("/account/letters/")
    kinds = [kind.name for kind in page.context["kinds"]]
    assert "jobs.failed" in kinds and "accounts.password_changed" not in kinds
    browser.post("/account/letters/", {"digest_at": "08:00", "kind-jobs-failed": "inbox"})
    assert list(Preference.objects.values_list("user", "kind", "delivery")) == [
        (lin.pk, "jobs.failed", "inbox")
    ]
    browser.post("/account/letters/", {"digest_at": "08:00", "kind-jobs-failed": "mail"})
    assert not Preference.objects.exists()
