"""People at their own browsers, and everything that a browser complains about while they work."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import urllib.parse
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.stack import Stack

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
_TOKEN = "t" * 32  # of forms that no page drew
_WATCH = """
document.addEventListener('securitypolicyviolation',
  event => console.error('blocked by policy: ' + event.violatedDirective + ' ' + event.blockedURI))
"""
_AXE = Axe()
# Only rules that can find something serious are asked. The frame is left out by `frame: false`.
_SERIOUS = """
async ({frame}) => {
  const mild = axe._audit.rules.filter(rule => !['serious', 'critical'].includes(rule.impact));
  const rules = Object.fromEntries(mild.map(rule => [rule.id, {enabled: false}]));
  const where = {include: [['html']], exclude: frame ? [] : [['.ui-nav'], ['.ui-top'], ['.ui-tabbar']]};
  const found = await axe.run(where, {rules, resultTypes: ['violations'], preload: false, iframes: false});
  return found.violations
    .filter(one => ['serious', 'critical'].includes(one.impact))
    .map(one => `${one.id}: ${one.nodes[0].html.slice(0, 200)}`);
}
"""
# What htmx writes when a newer request takes the place of one under way; a real failure writes more than these.
_GIVEN_UP = ("htmx:afterRequest,", "htmx:sendAbort,")


class Office:
    """`enter("finance")` gives an empty page of that role, who is signed in. Complaints are kept."""

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
        """What the role's button of the demo sends is sent; neither the door nor the first page is drawn for it."""
        page = self.door(**how)
        address = self.stack.url(self.tenant)
        page.context.add_cookies(
            [{"name": name, "value": value, "url": address} for name, value in self._badge(role).items()]
        )
        return page

    def _badge(self, role: str) -> dict[str, str]:
        """The cookies with which the product answers the button."""
        link = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=10)
        headers = {
            "Host": f"{self.tenant}.localhost:{self.stack.port}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"csrftoken={_TOKEN}",
        }
        form = urllib.parse.urlencode({"role": role, "csrfmiddlewaretoken": _TOKEN})
        with contextlib.closing(link):
            link.request("POST", "/sign-in/demo/", form, headers)
            answer = link.getresponse()
            assert answer.getheader("Location") == "/", f"nobody entered as {role}"
            cookies = SimpleCookie()
            for line in answer.headers.get_all("Set-Cookie", []):
                cookies.load(line)
        return {name: one.value for name, one in cookies.items()}

    def enter_by_the_button(self, role: str, **how: Any) -> Page:
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


def serious(page: Page, *, frame: bool = True) -> list[str]:
    """What axe finds serious or critical; only that leaves the page.

    Menu and bars are half of axe's work: a walk through many pages looks at the `frame` on its first page only.
    """
    page.evaluate(_AXE.axe_script)
    return page.evaluate(_SERIOUS, {"frame": frame})
