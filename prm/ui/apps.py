from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UiConfig(AppConfig):
    name = "prm.ui"
    label = "ui"

    def ready(self) -> None:
        from prm.ui import form_words, menu

        form_words.in_plain_words()
        menu.register(
            section="", label=_("Dashboard"), icon="layout-dashboard", url="home", audience="staff", order=20, tab=2,
            key="d",
        )  # fmt: skip
        menu.register(
            section="", label=_("Home"), icon="home", url="home", audience="partner", order=5, tab=1, key="d"
        )  # fmt: skip
