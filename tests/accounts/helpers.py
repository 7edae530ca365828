"""Browsers of people who have signed in."""

from __future__ import annotations

from django.test import Client


def visitor(address: str = "10.0.0.1") -> Client:
    return Client(HTTP_HOST="alpha.localhost", REMOTE_ADDR=address)


def signed_in(user, address: str = "10.0.0.1") -> Client:
    client = visitor(address)
    client.force_login(user, backend="prm.accounts.backends.EmailBackend")
    return client
