from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "prm.notices"
    label = "notices"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.access import permissions
        from prm.access.roles import Role
        from prm.accounts.services import on_open_work
        from prm.notices import home, inbox, platform
        from prm.ui import menu

        permissions.register("notices.read", roles=Role.values)
        platform.register_kinds()
        home.register()
        on_open_work(inbox.open_work_of)
        for audience, tab in (("staff", 1), ("partner", None)):
            menu.register(
                section="",
                label=_("Inbox"),
                icon="inbox",
                url="notices:inbox",
                audience=audience,
                order=10,
                count=inbox.count_for,
                hot=True,
                tab=tab,
                key="i",
            )
