from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "prm.notices"
    label = "notices"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _
        from django.utils.translation import pgettext_lazy

        from prm.access import permissions
        from prm.access.roles import Role
        from prm.accounts.services import on_open_work
        from prm.audit import words
        from prm.notices import digest, home, inbox, platform, robots, work

        permissions.register("notices.read", roles=Role.values)
        permissions.register(
            "notices.word", label=_("Change the words of letters"), roles=[Role.ADMINISTRATOR]
        )
        words.register(
            {
                "notices_chosen": _("notices chosen"),
                "letter_worded": _("letter worded anew"),
                "letter_reset": _("letter set back to the product's words"),
                "sender_changed": _("sender of letters changed"),
                "device_added": _("device added"),
                "device_removed": _("device removed"),
            }
        )
        words.register_names({"device": pgettext_lazy("change", "device")})
        platform.register_kinds()
        digest.register()
        robots.register()
        home.register()
        work.register(platform.support_requests)
        on_open_work(inbox.open_work_of)
        self._register_menu()

    def _register_menu(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from prm.notices import inbox
        from prm.ui import menu

        menu.register(
            section="Set-up",
            label=_("Letters"),
            icon="mail",
            url="notices:wordings",
            verb="notices.word",
            order=230,
        )
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
