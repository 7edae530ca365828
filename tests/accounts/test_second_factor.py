"""The second factor: a must for administrator and finance, a code after the password, recovery codes."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time

from prm.accounts.models import User
from prm.accounts.services import reset_second_factor
from prm.audit.models import AuditEntry
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from tests.accounts.helpers import signed_in, visitor
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password-1"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def _required(settings):
    settings.SECOND_FACTOR_ROLES = ["administrator", "finance"]


@pytest.fixture
def clerk(db) -> User:
    user = UserFactory(finance=True, email="he@example.com")
    user.set_password(PASSWORD)
    user.save()
    return user


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def password_step(browser, user):
    return browser.post("/sign-in/", {"login": user.email, "password": PASSWORD})


def test_a_role_that_needs_one_reaches_nothing_but_its_set_up(clerk):
    browser = visitor()
    password_step(browser, clerk)
    for path in ("/", "/inbox/", "/jobs/", "/account/"):
        answer = browser.get(path)
        assert answer.status_code == 302 and answer["Location"] == "/account/second-factor/set-up/"
    assert browser.get("/inbox/count/", headers={"HX-Request": "true"})["HX-Redirect"]
    assert browser.post("/inbox/notices/read/").status_code == 302
    assert signed_in(UserFactory(manager=True)).get("/account/").status_code == 200


def test_setting_it_up_right_after_the_password_shows_recovery_codes_and_opens_the_door(clerk):
    browser = visitor()
    password_step(browser, clerk)
    page = browser.get("/account/second-factor/set-up/")
    assert page.status_code == 200 and b"data:image/svg+xml;base64," in page.content
    secret = page.context["form"].secret
    wrong = browser.post("/account/second-factor/set-up/", {"code": "000000"})
    assert wrong.status_code == 200 and not Authenticator.objects.exists()
    answer = browser.post("/account/second-factor/set-up/", {"code": code_of(secret)})
    assert answer["Location"] == "/account/second-factor/recovery-codes/"
    assert len(browser.get(answer["Location"]).context["unused_codes"]) == 10
    assert browser.get("/account/").status_code == 200
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in stored, "the secret is encrypted at rest"
    assert AuditEntry.objects.filter(verb="second_factor_added").exists()
    deliver_open_events()
    assert Notice.objects.filter(user=clerk, kind="accounts.second_factor_added").exists()


def test_the_code_is_asked_after_the_password_and_guesses_are_counted(clerk):
    TOTP.activate(clerk, SECRET)
    browser = visitor()
    assert password_step(browser, clerk)["Location"].startswith("/sign-in/code/")
    assert browser.get("/account/").status_code == 302, "the password alone opens nothing"
    page = browser.get("/sign-in/code/")
    assert b'autocomplete="one-time-code"' in page.content
    for _ in range(5):
        browser.post("/sign-in/code/", {"code": "000000"})
    refused = browser.post("/sign-in/code/", {"code": code_of(SECRET)})
    assert refused.status_code == 200 and "Too many" in " ".join(refused.context["form"].errors["code"])


def test_the_right_code_and_a_recovery_code_open_and_each_recovery_code_once(clerk):
    TOTP.activate(clerk, SECRET)
    codes = RecoveryCodes.activate(clerk).get_unused_codes()
    browser = visitor()
    password_step(browser, clerk)
    code = code_of(SECRET)
    assert browser.post("/sign-in/code/", {"code": f"{code[:3]} {code[3:]}"}).status_code == 302
    assert browser.get("/account/").status_code == 200
    for expected in (302, 200):
        other = visitor()
        password_step(other, clerk)
        assert other.post("/sign-in/code/", {"code": codes[0]}).status_code == expected


def test_who_must_have_one_cannot_remove_it(clerk):
    TOTP.activate(clerk, SECRET)
    browser = visitor()
    password_step(browser, clerk)
    browser.post("/sign-in/code/", {"code": code_of(SECRET)})
    answer = browser.post("/account/second-factor/remove/")
    assert answer.status_code == 200 and Authenticator.objects.filter(type="totp").exists()


def test_the_administrator_takes_a_lost_one_away_and_its_sessions_end(clerk, administrator):
    TOTP.activate(clerk, SECRET)
    browser = visitor()
    password_step(browser, clerk)
    browser.post("/sign-in/code/", {"code": code_of(SECRET)})
    reset_second_factor(user=clerk, by=administrator)
    assert browser.get("/account/")["Location"].startswith("/sign-in/")
    password_step(browser, clerk)
    assert browser.get("/inbox/")["Location"] == "/account/second-factor/set-up/"


def test_changing_it_later_asks_for_the_password_again(clerk, settings):
    settings.SECOND_FACTOR_ROLES = []
    browser = visitor()
    password_step(browser, clerk)
    session = browser.session
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [record | {"at": record["at"] - 3600} for record in records]
    session.save()
    answer = browser.get("/account/second-factor/set-up/")
    assert answer.status_code == 302 and answer["Location"].startswith("/password/again/")
    answer = browser.post(
        answer["Location"], {"password": PASSWORD, "next": "/account/second-factor/set-up/"}
    )
    assert answer["Location"] == "/account/second-factor/set-up/"
    assert browser.get(answer["Location"]).status_code == 200
