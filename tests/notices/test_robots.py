"""Group robots of WeCom, DingTalk and Feishu hear what people hear, signed as each asks for it, as plain text."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import parse_qs, urlsplit

import pytest

from prm.egress import sending, services
from prm.egress.models import Message, Receiver
from prm.notices import kinds
from prm.notices.models import Preference
from prm.notices.services import notify
from tests.egress.conftest import outside
from tests.factories.people import UserFactory

__all__ = ["outside"]
pytestmark = pytest.mark.django_db
KIND = "tests.robot"


@pytest.fixture(autouse=True)
def _kind():
    kinds.register(KIND, title="%(number)s is approved", body="By %(who)s", label="Approved by robot")
    yield
    kinds._kinds.pop(KIND)


def robot(outside, administrator, kind, **options) -> Receiver:
    return services.save_receiver(
        receiver=None,
        kind=kind,
        name=kind,
        url=f"{outside.url}?key=k",
        wants=[KIND],
        by=administrator,
        **options,
    )


def tell(fact="deal:1", role="channel_manager", who="<@all> Lin"):
    user = UserFactory(role=role)
    notify(users=[user], kind=KIND, values={"number": "DR-1", "who": who}, link="/deals/", fact=fact)
    return user


def sent(outside, made) -> list:
    sending.send_due(made.pk)
    return outside.got


def test_wecom_gets_text_that_mentions_nobody(outside, administrator):
    outside.reply = b'{"errcode":0,"errmsg":"ok"}'
    made = robot(outside, administrator, "wecom")
    told = tell()
    (got,) = sent(outside, made)
    assert got.path == "/hook?key=k"
    assert got.json["msgtype"] == "text" and got.json["text"]["content"].startswith(
        f"For {told}\nDR-1 is approved\nBy ＜@all> Lin\nhttp"
    )
    assert Message.objects.get().state == "done"


def test_who_you_are_is_named_in_a_group_of_many(outside, administrator):
    outside.reply = b'{"errcode":0,"errmsg":"ok"}'
    made = robot(outside, administrator, "wecom", audience="channel_manager")
    people = [UserFactory(role="channel_manager") for _ in range(5)]
    others = [UserFactory(role="finance")]
    notify(users=people + others, kind=KIND, values={"number": "DR-1", "who": "Lin"}, link="/", fact="deal:1")
    (got,) = sent(outside, made)
    first = got.json["text"]["content"].splitlines()[0]
    assert first == f"For {people[0]}, {people[1]}, {people[2]} and 2 more"


def test_dingtalk_is_signed_in_the_address(outside, administrator):
    outside.reply = b'{"errcode":0,"errmsg":"ok"}'
    made = robot(outside, administrator, "dingtalk", secret="SECtop")
    tell()
    (got,) = sent(outside, made)
    query = parse_qs(urlsplit(got.path).query)
    signed = hmac.new(b"SECtop", f"{query['timestamp'][0]}\nSECtop".encode(), hashlib.sha256).digest()
    assert query["sign"] == [base64.b64encode(signed).decode()] and query["key"] == ["k"]


def test_feishu_is_signed_in_the_body(outside, administrator):
    outside.reply = b'{"code":0,"msg":"success","data":{}}'
    made = robot(outside, administrator, "feishu", secret="top", language="zh-hans")
    tell()
    (got,) = sent(outside, made)
    signed = hmac.new(f"{got.json['timestamp']}\ntop".encode(), b"", hashlib.sha256).digest()
    assert got.json["sign"] == base64.b64encode(signed).decode() and got.json["msg_type"] == "text"


@pytest.mark.parametrize(
    ("kind", "reply", "error"),
    [
        ("wecom", b'{"errcode":93000,"errmsg":"invalid webhook url"}', "93000: invalid webhook url"),
        ("dingtalk", b'{"errcode":310000,"errmsg":"sign not match"}', "310000: sign not match"),
        ("feishu", b'{"code":19021,"msg":"sign match fail"}', "19021: sign match fail"),
        ("wecom", b"<html>", "The answer is not that of a group robot."),
        ("feishu", b"[1]", "The answer is not that of a group robot."),
    ],
)
def test_an_error_in_the_answer_is_no_success(outside, administrator, kind, reply, error):
    outside.reply = reply
    made = robot(outside, administrator, kind)
    tell()
    sent(outside, made)
    message = Message.objects.get()
    assert message.state == "open" and message.last_try["error"] == error


def test_one_message_for_a_fact_however_many_are_told(outside, administrator):
    robot(outside, administrator, "wecom")
    people = [UserFactory() for _ in range(3)]
    for person in people:
        notify(users=[person], kind=KIND, values={"number": "1", "who": "x"}, fact="deal:1")
    assert Message.objects.count() == 1


def test_a_teams_robot_hears_what_the_team_hears(outside, administrator):
    robot(outside, administrator, "wecom", audience="finance")
    tell(fact="deal:1")
    assert not Message.objects.exists()
    tell(fact="deal:2", role="finance")
    assert Message.objects.count() == 1


def test_what_concerns_somebodys_safety_is_never_posted(outside, administrator):
    made = robot(outside, administrator, "wecom")
    assert "accounts.password_changed" not in dict(_choices())
    Receiver.objects.filter(pk=made.pk).update(wants=["accounts.password_changed"])
    notify(users=[UserFactory()], kind="accounts.password_changed", fact="x")
    assert not Message.objects.exists()


def _choices():
    from prm.egress.kinds import kind_of

    return kind_of("wecom").choices()


def test_a_person_who_wants_nothing_does_not_silence_the_group(outside, administrator):
    robot(outside, administrator, "wecom")
    user = UserFactory()
    Preference.objects.create(user=user, kind=KIND, delivery="off")
    notify(users=[user], kind=KIND, values={"number": "1", "who": "x"}, fact="deal:1")
    assert Message.objects.count() == 1


def test_the_form_asks_for_what_a_robot_needs(browse, administrator, outside):
    client = browse(administrator)
    page = client.get("/settings/webhooks/new/feishu/").content.decode()
    assert "Secret of the robot" in page and "Team" in page and "Approved by robot" in page
    sent = {"name": "Sales group", "url": outside.url, "secret": "s", "language": "zh-hans", "audience": "finance",
            "wants": [KIND]}  # fmt: skip
    client.post("/settings/webhooks/new/feishu/", sent)
    made = Receiver.objects.get()
    assert (made.secret, made.language, made.audience, made.wants) == ("s", "zh-hans", "finance", [KIND])
    client.post(f"/settings/webhooks/{made.pk}/test/")
    outside.reply = b'{"code":0}'
    sending.send_due(made.pk)
    assert "alpha" in outside.got[0].json["content"]["text"].lower() or outside.got[0].json["content"]["text"]
    assert client.post(f"/settings/webhooks/{made.pk}/rotate/").status_code == 404
