"""The browser that the tests drive reaches the running product by its tenants' names."""

from __future__ import annotations


def test_a_browser_opens_a_tenants_sign_in_page(live_stack, page):
    answer = page.goto(live_stack.url("alpha", "/sign-in/"))
    assert answer is not None
    assert answer.status == 200
