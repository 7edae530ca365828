"""Browsers of people who have signed in."""

from __future__ import annotations

from django.test import Client


def visitor(address: str = "10.0.0.1") -> Client:
    return Client(HTTP_HOST="alpha.localhost", REMOTE_ADDR=address)


def signed_in(user, address: str = "10.0.0.1") -> Client:
    client = visitor(address)
    client.force_login(user, backend="prm.accounts.backends.EmailBackend")
    return client


def path_in(letter, part: str) -> str:
    """The path of the link in a letter that contains `part`."""
    link = next(word for word in letter.text.split() if part in word)
    return "/" + link.partition("localhost")[2].partition("/")[2]
