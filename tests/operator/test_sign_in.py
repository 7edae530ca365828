"""Operators enter with e-mail, password and a second factor; guesses are slowed down."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from prm.accounts.operators import totp
from prm.accounts.operators.services import create_operator
from prm.tenancy.errors import OperatorExists, PasswordTooWeak
from prm.tenancy.models import Operator, OperatorLogEntry
from prm.values import clock
from prm.values.actor import Actor
from tests.operator.door import PASSWORD


def test_the_codes_are_those_of_the_standard():
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B, last six of eight digits
    for seconds, code in (
        (59, "287082"),
        (1111111109, "081804"),
        (1234567890, "005924"),
        (20000000000, "353130"),
    ):
        assert totp.code_at(secret, seconds // 30) == code


def test_password_and_code_together_open_the_door(door):
    assert door.try_().headers["location"] == "/operator/tenants/"
    assert door.client.get("/operator/tenants/").status_code == 200
    assert OperatorLogEntry.objects.filter(verb="signed_in", operator_email="op@host.example").exists()


@pytest.mark.parametrize(
    "wrong", [{"password": "x" * 12}, {"code": "000000"}, {"code": ""}, {"email": "no@host.example"}]
)
def test_without_any_one_of_them_it_stays_shut(door, wrong):
    answer = door.try_(**wrong)
    assert answer.status_code == 422
    assert door.client.get("/operator/tenants/").status_code == 302


def test_the_answer_never_tells_which_part_was_wrong(door):
    sentences = {
        door.try_(**wrong).context["form"].non_field_errors()[0]
        for wrong in ({"password": "x" * 12}, {"code": "000000"}, {"email": "no@host.example"})
    }
    assert len(sentences) == 1


def test_a_code_is_good_once(door):
    code = door.code()
    assert door.try_(code=code).status_code == 302
    assert door.try_(code=code).status_code in (302, 422)
    again = Client(headers={"host": "localhost"})
    sent = {"email": "op@host.example", "password": PASSWORD, "code": code}
    assert again.post("/operator/", sent).status_code == 422


def test_a_recovery_code_is_good_once(door):
    code = door.made.recovery_codes[3]
    assert door.try_(code=code.upper()).status_code == 302
    assert len(Operator.objects.get().recovery_codes) == 9
    again = Client(headers={"host": "localhost"})
    sent = {"email": "op@host.example", "password": PASSWORD, "code": code}
    assert again.post("/operator/", sent).status_code == 422


def test_after_five_wrong_tries_there_is_a_pause_that_grows(door):
    with time_machine.travel(clock.now(), tick=False) as travel:
        for _ in range(5):
            door.try_(code="000000")
        assert "Too many tries" in door.try_().text
        travel.shift(timedelta(seconds=61))
        for _ in range(5):
            door.try_(code="000000")
        travel.shift(timedelta(minutes=4))
        assert "Too many tries" in door.try_().text
        travel.shift(timedelta(minutes=2))
        assert door.try_().status_code == 302


def test_a_session_ends_after_eight_hours_and_at_sign_out(door):
    client = door.enter()
    with time_machine.travel(clock.now() + timedelta(hours=8, minutes=1)):
        assert client.get("/operator/tenants/").status_code == 302
    client = door.client
    assert client.post("/operator/sign-out/").status_code == 302
    assert client.get("/operator/tenants/").status_code == 302


def test_an_operator_who_left_is_out_at_once(operator):
    Operator.objects.update(is_active=False)
    assert operator.get("/operator/tenants/").status_code == 302


def test_one_click_exists_in_demo_mode_only(db, settings):
    Operator.objects.create(email="operator@demo.example", name="Demo", password="!")
    client = Client(headers={"host": "localhost"})
    assert "data-demo-role" not in client.get("/operator/").text
    assert client.post("/operator/demo/").status_code == 404
    settings.DEMO = True
    assert 'data-demo-role="operator"' in client.get("/operator/").text
    assert client.post("/operator/demo/").status_code == 302
    assert client.get("/operator/tenants/").status_code == 200


def test_the_demos_operator_has_no_password(db, settings):
    Operator.objects.create(email="operator@demo.example", name="Demo", password="!")
    client = Client(headers={"host": "localhost"})
    for word in ("!", "", "demo"):
        sent = {"email": "operator@demo.example", "password": word, "code": "000000"}
        assert client.post("/operator/", sent).status_code == 422


def test_the_next_page_is_one_of_this_site(door):
    assert door.try_(next="/operator/jobs/").headers["location"] == "/operator/jobs/"
    for bad in ("https://evil.example/operator/", "//evil.example", "/sign-in/", "javascript:x"):
        other = Client(headers={"host": "localhost"})
        sent = {
            "email": "op@host.example",
            "password": PASSWORD,
            "code": door.made.recovery_codes.pop(),
            "next": bad,
        }
        assert other.post("/operator/", sent).headers["location"] == "/operator/tenants/"


def test_an_operator_is_made_at_the_terminal_with_a_second_factor(db, monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO("another-long-word\n"))
    call_command("operator", "create", "Second@Host.example", "--password-stdin", stdout=out)
    said = out.getvalue()
    assert "otpauth://totp/Qudao" in said and said.count("-") >= 20
    made = Operator.objects.get(email="second@host.example")
    assert made.totp_secret and made.totp_secret not in said  # encrypted at rest
    with pytest.raises(CommandError):
        monkeypatch.setattr("sys.stdin", io.StringIO("another-long-word\n"))
        call_command("operator", "create", "second@host.example", "--password-stdin", stdout=out)


def test_weak_passwords_and_second_accounts_are_refused(door):
    with pytest.raises(PasswordTooWeak):
        create_operator(email="x@host.example", name="X", password="short", by=Actor.command("tests"))
    with pytest.raises(OperatorExists):
        create_operator(email="OP@host.example", name="X", password=PASSWORD, by=Actor.command("tests"))
