"""People at their own browsers, and everything that a browser complains about while they work."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.stack import Stack

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
_WATCH = """
document.addEventListener('securitypolicyviolation',
  event => console.error('blocked by policy: ' + event.violatedDirective + ' ' + event.blockedURI))
"""
# What htmx writes when a newer request takes the place of one under way; a real failure writes more than these.
_GIVEN_UP = ("htmx:afterRequest,", "htmx:sendAbort,")


class Office:
    """`enter("finance")` gives a page of that role, signed in by its button of the demo. Complaints are kept."""

    def __init__(self, stack: Stack, browser: Browser, *, tenant: str = "alpha") -> None:
        self.stack, self.browser, self.tenant = stack, browser, tenant
        self.complaints: list[str] = []
        self._contexts: list[BrowserContext] = []

    def door(self, *, size: dict[str, int] = DESK, locale: str = "en-GB") -> Page:
        """An empty page in a browser of its own."""
        context = self.browser.new_context(
            viewport=size,
            locale=locale,
            has_touch=size is PHONE,
            reduced_motion="reduce",
            base_url=self.stack.url(self.tenant, ""),
        )
        context.add_init_script(_WATCH)
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on(
            "console", lambda message: self._hear(message.text, page) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: self._hear(str(error), page))
        page.on(
            "response", lambda answer: self._hear(str(answer.status), page) if answer.status >= 400 else None
        )
        return page

    def enter(self, role: str, **how: Any) -> Page:
        page = self.door(**how)
        page.goto("/sign-in/")
        page.locator(f'[data-demo-role="{role}"]').click()
        expect(page).not_to_have_url(self.stack.url(self.tenant, "/sign-in/"))
        return page

    def enter_with_password(self, email: str, password: str, **how: Any) -> Page:
        page = self.door(**how)
        page.goto("/sign-in/")
        page.locator("input[type=email]").fill(email)
        page.locator("input[type=password]").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page).not_to_have_url(self.stack.url(self.tenant, "/sign-in/"))
        return page

    def _hear(self, text: str, page: Page) -> None:
        if not text.startswith(_GIVEN_UP):
            self.complaints.append(f"{page.url}: {text}")

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@contextlib.contextmanager
def paused(stack: Stack, name: str = "worker") -> Iterator[None]:
    """The worker holds its breath, so that a page is seen while its job waits."""
    process = stack.children[name].process
    assert process
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGCONT)


def press(page: Page, name: str) -> None:
    """Click the button or link that is seen and begins with these words."""
    words = re.compile(rf"^{re.escape(name)}(\W|$)")
    found = page.get_by_role("button", name=words).or_(page.get_by_role("link", name=words))
    found.filter(visible=True).first.click()


def serious(page: Page) -> list[str]:
    """What axe finds serious or critical."""
    found = (
        Axe()
        .run(page, options={"resultTypes": ["violations"], "preload": False, "iframes": False})
        .response["violations"]
    )
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
