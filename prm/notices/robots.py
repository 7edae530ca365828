"""Robots in group chats (WeCom, DingTalk, Feishu): the same notices that people get, as plain text.

Everything is sent as text, never as markdown, and "<" is written full width: what somebody typed into the product
mentions nobody in the group and draws no link of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote_plus

from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from prm.egress import kinds as egress
from prm.egress.client import Answer
from prm.egress.kinds import Outgoing
from prm.egress.models import Receiver
from prm.egress.services import queue
from prm.notices import kinds
from prm.notices.links import absolute, current_tenant
from prm.values import clock

LONGEST = 1800
MOST_NAMED = 3
JSON = {"Content-Type": "application/json; charset=utf-8"}


def tell(*, kind: kinds.Kind, people: Iterable[Any], values: Mapping[str, Any], link: str, fact: str) -> None:
    """A message to each robot that wants this kind, when somebody of its team is told; once for each fact."""
    if not kind.optional:  # what concerns one person's safety is nobody else's
        return
    codes = [one.code for one in ROBOTS]
    wanting = Receiver.objects.filter(is_active=True, wants__contains=[kind.name], kind__in=codes)
    told = list(people)
    for robot in wanting:
        heard = [str(user) for user in told if robot.audience in ("", user.role)]
        if heard:
            with translation.override(robot.language or current_tenant().language):
                title = kinds.fill(kind.title, values)
            content = {
                "kind": kind.name, "values": dict(values), "link": link,
                "for": heard[:MOST_NAMED], "more": max(len(heard) - MOST_NAMED, 0),
            }  # fmt: skip
            queue(receiver=robot, key=f"notice:{kind.name}:{fact}", title=title, content=content)


def text_of(robot: Receiver, content: Mapping[str, Any]) -> str:
    """The message in the robot's language: whom the notice is for (it says “you”), title, body, address."""
    with translation.override(robot.language or current_tenant().language):
        if not content.get("kind"):
            lines = [str(_("This is a test from %(tenant)s.")) % {"tenant": current_tenant().name}]
        else:
            kind = kinds.kind_of(content["kind"])
            words = (kind.title, kind.body)
            lines = [
                _for(content.get("for") or [], content.get("more", 0)),
                *(kinds.fill(one, content["values"]) for one in words),
            ]
    link = content.get("link") or ""
    said = "\n".join(dict.fromkeys(line for line in lines if line)).replace("<", "＜")[:LONGEST]
    return f"{said}\n{absolute(link)}" if link.startswith("/") else said


def _for(names: list[str], more: int) -> str:
    if not names:
        return ""
    said = {"names": pgettext("between the words of a list", ", ").join(names), "count": more}
    return str(_("For %(names)s and %(count)s more") if more else _("For %(names)s")) % said


class Robot(egress.Kind):
    """A group robot that takes {"msgtype": "text", …} and answers with an error code in JSON."""

    is_robot = True
    code_field = "errcode"

    def choices(self) -> list[tuple[str, Any]]:
        named = [kind for kind in kinds.all_kinds() if kind.optional]
        return sorted(((kind.name, kind.label) for kind in named), key=lambda pair: str(pair[1]))

    def compose(self, receiver: Any, message: Any) -> Outgoing:
        body, url = self.body(text_of(receiver, message.content)), receiver.url
        if receiver.secret:
            body, url = self.signed(body, url, receiver.secret)
        return Outgoing(url, json.dumps(body, ensure_ascii=False).encode(), JSON)

    def body(self, text: str) -> dict[str, Any]:
        return {"msgtype": "text", "text": {"content": text}}

    def signed(self, body: dict[str, Any], url: str, secret: str) -> tuple[dict[str, Any], str]:
        return body, url

    def problem(self, answer: Answer) -> str:
        if not answer.ok:
            return f"HTTP {answer.status}"
        try:
            said = json.loads(answer.body)
            code = said.get(self.code_field, said.get("StatusCode"))
        except (ValueError, AttributeError):
            return str(_("The answer is not that of a group robot."))
        return "" if code == 0 else f"{code}: {str(said.get('errmsg') or said.get('msg') or '')[:200]}"


class WeCom(Robot):
    code = "wecom"
    label = _("WeCom group robot")
    help = _("The webhook address that WeCom shows when you add a robot to the group.")


class DingTalk(Robot):
    code = "dingtalk"
    label = _("DingTalk group robot")
    help = _("The webhook address of a custom robot; with the security setting “sign”, its secret as well.")

    def signed(self, body: dict[str, Any], url: str, secret: str) -> tuple[dict[str, Any], str]:
        stamp = int(clock.now().timestamp() * 1000)
        digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
        joint = "&" if "?" in url else "?"
        return body, f"{url}{joint}timestamp={stamp}&sign={quote_plus(base64.b64encode(digest))}"


class Feishu(Robot):
    code = "feishu"
    label = _("Feishu group robot")
    help = _("The webhook address of a custom robot; with signature verification, its secret as well.")
    code_field = "code"

    def body(self, text: str) -> dict[str, Any]:
        return {"msg_type": "text", "content": {"text": text}}

    def signed(self, body: dict[str, Any], url: str, secret: str) -> tuple[dict[str, Any], str]:
        stamp = int(clock.now().timestamp())
        digest = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
        return {"timestamp": str(stamp), "sign": base64.b64encode(digest).decode(), **body}, url


ROBOTS = (WeCom(), DingTalk(), Feishu())


def register() -> None:
    for robot in ROBOTS:
        egress.register(robot)
