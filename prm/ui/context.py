"""What every page's frame needs, computed only when a template asks for it."""

from functools import cached_property

from django.conf import settings
from django.db import connection
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language

from prm.access.roles import Role
from prm.ui import menu

LANGUAGE_NAMES = {"en": "English", "zh-hans": "中文"}


class Shell:
    """The frame around a page: who looks at it, the menu, the tab bar, the language to switch to."""

    def __init__(self, request):
        self.request = request
        self.actor = getattr(request, "actor", None)
        self.tenant = getattr(request, "tenant", None) if not self.is_public_site else None
        self.operator = getattr(request, "operator", None)

    @property
    def is_public_site(self) -> bool:
        return connection.schema_name == settings.PUBLIC_SCHEMA_NAME

    @cached_property
    def audience(self) -> str:
        if self.is_public_site:
            return "operator" if self.operator is not None else ""
        return menu.audience_of(self.actor)

    @property
    def body_class(self) -> str:
        return f"is-{self.audience}" if self.audience else ""

    @cached_property
    def sections(self) -> list:
        if not self.audience:
            return []
        return menu.menu_for(self.actor, audience=self.audience, path=self.request.path)

    @cached_property
    def items(self) -> list:
        return [item for section in self.sections for item in section.items]

    @cached_property
    def tabs(self) -> list:
        """The phone's bottom bar, in its order; staff and operators get search and More from the template."""
        mine = [
            item for item in self.items if item.tab and (item.audience != "both" or self.audience == "staff")
        ]
        return sorted(mine, key=lambda item: item.tab)

    @cached_property
    def tabs_before(self) -> list:
        return [item for item in self.tabs if item.tab < 3]

    @cached_property
    def tabs_after(self) -> list:
        return [item for item in self.tabs if item.tab >= 3]

    @cached_property
    def inbox(self):
        return next((item for item in self.items if item.key == "i"), None)

    @property
    def keys(self) -> list:
        """Entries that `G …` reaches."""
        return [item for item in self.items if item.key]

    @property
    def name(self) -> str:
        return getattr(self.tenant, "name", "") or "Qudao"

    @property
    def logo(self) -> str:
        """Address of the tenant's logo, served by the tenant's own pages; empty without one."""
        return getattr(self.tenant, "logo_address", "")

    @property
    def brand_css(self) -> str:
        """Address of the tenant's colours; the version changes when they do."""
        try:
            return f"{reverse('brand_css')}?v={getattr(self.tenant, 'brand_version', 0)}"
        except NoReverseMatch:
            return ""

    @property
    def person(self) -> str:
        if self.operator is not None:
            return getattr(self.operator, "email", "")
        return self.actor.label if self.actor else ""

    @property
    def initials(self) -> str:
        words = self.person.replace(".", " ").replace("@", " ").split()
        if words and not words[0].isascii():
            return words[0][-2:]
        return "".join(word[0] for word in words[:2]).upper()

    @property
    def role(self) -> str:
        role = self.actor.role if self.actor else ""
        return str(Role(role).label) if role in Role.values else ""

    @property
    def language(self) -> str:
        return "zh-Hans" if (get_language() or "").startswith("zh") else "en"

    @property
    def other_language(self) -> dict:
        code = "en" if self.language == "zh-Hans" else "zh-hans"
        return {"code": code, "tag": "en" if code == "en" else "zh-Hans", "name": LANGUAGE_NAMES[code]}

    @property
    def demo(self) -> bool:
        return settings.DEMO

    @property
    def sign_out(self) -> str:
        for name in ("accounts:sign_out", "sign_out", "account_logout", "operator:sign_out"):
            try:
                return reverse(name)
            except NoReverseMatch:
                continue
        return ""


def shell(request):
    return {"shell": Shell(request)}
