"""Demo mode: one click a role, and settings that refuse to be mistaken for a real site."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from prm.accounts.demo import PEOPLE
from prm.accounts.models import User
from prm.notices.letters import write_letter
from tests.accounts.helpers import visitor
from tests.factories.partners import PartnerFactory, person_of

KEYS = {
    *("administrator", "channel-manager", "finance", "controller"),
    *("partner-admin", "partner-sales", "agent", "rival-sales"),
}


@pytest.fixture
def demo(settings, tenant):
    settings.DEMO = True
    settings.ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False  # as config/settings.py derives it


def test_each_role_has_its_button(demo):
    page = visitor("127.0.0.1").get("/sign-in/").content.decode()
    assert {person.key for person in PEOPLE} == KEYS
    for key in KEYS:
        assert f'data-demo-role="{key}"' in page
    assert 'href="/mailbox/"' in page


def test_one_click_signs_in_and_a_second_button_changes_the_person(demo):
    person_of(
        PartnerFactory(name="Lanqiao"), "partner_sales", name="Zhou Wen", email="partner-sales@demo.example"
    )
    browser = visitor("127.0.0.1")
    assert "Zhou Wen, Lanqiao" in browser.get("/sign-in/").content.decode()
    for role, email in (("partner-sales", "partner-sales@demo.example"), ("finance", "finance@demo.example")):
        assert browser.post("/sign-in/demo/", {"role": role}).status_code == 302
        assert browser.session["_auth_user_id"] == str(User.objects.get(email=email).pk)
        assert browser.get("/sign-in/").status_code == 200


def test_a_button_without_its_person_says_so(demo):
    answer = visitor("127.0.0.1").post("/sign-in/demo/", {"role": "rival-sales"}, follow=True)
    assert "demo&#x27;s data" in answer.content.decode()
    assert visitor("127.0.0.1").post("/sign-in/demo/", {"role": "operator"}).status_code == 404


def test_letters_lie_in_the_mailbox_of_the_demo_only(demo, settings):
    letter = write_letter(
        to="a@example.com", subject="Hello %(who)s", paragraphs=["<b>"], values={"who": "Ann"}
    )
    browser = visitor("127.0.0.1")
    assert "Hello Ann" in browser.get("/mailbox/").content.decode()
    assert "&lt;b&gt;" in browser.get(f"/mailbox/{letter.pk}/").content.decode()
    assert "&lt;b&gt;" in browser.get(f"/mailbox/{letter.pk}/html/").content.decode()
    assert "Hello Ann" not in browser.get("/mailbox/?q=nobody").content.decode()
    settings.EMAIL_URL = "smtp://mail.example"
    assert browser.get("/mailbox/").status_code == 404
    settings.EMAIL_URL, settings.DEMO = "", False
    for path in ("/mailbox/", f"/mailbox/{letter.pk}/", f"/mailbox/{letter.pk}/html/"):
        assert browser.get(path).status_code == 404


@pytest.mark.parametrize("address", ["10.0.0.1", "203.0.113.9", "fe80::1", "::ffff:10.0.0.1", "", "unix:"])
def test_a_demo_answers_its_own_machine_only_wherever_its_server_listens(demo, address):
    for path in ("/sign-in/", "/healthz"):
        assert visitor(address).get(path).status_code == 403
    for home in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert visitor(home).get("/sign-in/").status_code == 200


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"PRM_BIND": "0.0.0.0"}, "demo mode listens on 127.0.0.1 only"),
        ({"PRM_HOST": "portal.example.com"}, "demo mode runs on localhost only"),
        ({"PRM_HOSTS": "portal.example.com"}, "demo mode runs on localhost only"),
        ({"PRM_ANY_HOST": "1"}, "demo mode runs on localhost only"),
        ({"PRM_SECRET_KEY": "x" * 50}, "refuses to run with a production secret"),
        ({"PRM_DEMO": "", "PRM_SECRET_KEY": ""}, "PRM_SECRET_KEY is not set"),
    ],
)
def test_demo_settings_refuse_to_stand_on_a_real_site(changes, sentence):
    env = {"PATH": os.environ["PATH"], "PRM_DEMO": "1"} | changes
    run = subprocess.run(
        [sys.executable, "-c", "import prm.config.settings"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0 and sentence in run.stderr


def test_production_settings_need_a_second_factor_from_those_who_move_money_and_rights():
    env = {"PATH": os.environ["PATH"], "PRM_SECRET_KEY": "x" * 50}
    code = "from prm.config.settings import *; print(SECOND_FACTOR_ROLES, DEMO, SESSION_COOKIE_SECURE)"
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['administrator', 'finance'] False True"


def test_the_page_says_who_is_not_here_without_the_demos_data(demo):
    page = visitor("127.0.0.1").get("/sign-in/").content.decode()
    assert page.count("this site was started without the demo") == 4, "four people of partners"
