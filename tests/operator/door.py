"""An operator with what the operator knows."""

from __future__ import annotations

from django.test import Client

from prm.accounts.operators import totp
from prm.accounts.operators.services import create_operator
from prm.values import clock
from prm.values.actor import Actor

PUBLIC = "localhost"
PASSWORD = "a-long-word-of-passage"


class Door:
    """An operator with what the operator knows, and a browser at the public site."""

    def __init__(self):
        self.made = create_operator(
            email="op@host.example", name="Op", password=PASSWORD, by=Actor.command("tests")
        )
        self.client = Client(headers={"host": PUBLIC})

    def code(self, *, steps: int = 0) -> str:
        return totp.code_at(self.made.secret, totp.step_of(clock.now()) + steps)

    def try_(self, **values):
        sent = {"email": "op@host.example", "password": PASSWORD, "code": self.code()} | values
        return self.client.post("/operator/", sent)

    def enter(self) -> Client:
        assert self.try_().status_code == 302
        return self.client
