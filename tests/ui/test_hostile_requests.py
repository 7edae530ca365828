"""Whatever stands in an address or a form: an answer, never an error of the server."""

from __future__ import annotations

import pytest

from tests.cast import acme, administrator, browse

__all__ = ["acme", "administrator", "browse"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path",
    ["/deals/%00/", "/orders/SO%00/", "/partners/%00/", "/search/?q=%00", "/deals/?q=%00", "/deals/?after=%00",
     "/deals/new/?from=%00", "/orders/new/?deal=%00", "/deals/?view=%00&sort=%00"],
)  # fmt: skip
def test_a_nul_byte_in_an_address_is_a_page_that_is_not_there(acme, browse, path):
    client = browse(acme.sales)
    client.raise_request_exception = False
    assert client.get(path).status_code in (200, 302, 400, 404)


@pytest.mark.parametrize(
    ("path", "sent"),
    [("/deals/draft/", {"draft": "DR\x00", "customer_name": "x"}),
     ("/sign-in/", {"login": "a\x00@b.example", "password": "\x00"}),
     ("/sign-in/", {"login": "a@b.example", "password": "a\x00b"}), ("/support/enter/", {"word": "\x00"})],
)  # fmt: skip
def test_a_nul_byte_in_a_form_is_refused(acme, browse, path, sent):
    client = browse(acme.sales)
    client.raise_request_exception = False
    assert client.post(path, sent).status_code < 500


@pytest.mark.parametrize(
    "path",
    ["/invitation/²-x/", "/inbox/notices/?before=²", "/settings/audit/?at_from=0001-01-01&at_to=9999-12-31",
     "/settings/audit/?at=²&after=²"],
)  # fmt: skip
def test_digits_and_days_beyond_reason_are_answered(administrator, browse, path):
    client = browse(administrator)
    client.raise_request_exception = False
    assert client.get(path).status_code < 500
