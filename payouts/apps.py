from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PayoutsConfig(AppConfig):
    name = "payouts"
    label = "payouts"
    verbose_name = _("Payouts")

    def ready(self) -> None:
        from payouts import registrations
        from payouts.prospect import doubts_about_accounts, taken_by_batches
        from rebates.services import reserved, unconfirmed

        self._register_verbs()
        registrations.register()
        reserved.register(taken_by_batches)
        unconfirmed.register(doubts_about_accounts)
        self._declare()

    def _declare(self) -> None:
        from payouts.registrations import open_work_when_off
        from prm.modules import registry

        registry.register(
            "payouts",
            label=_("Payouts"),
            text=_(
                "Bank accounts of partners, payment files for the bank, and the journal for finance systems."
            ),
            needs=("rebates",),
            order=45,
            open_work=open_work_when_off,
        )

    def _register_verbs(self) -> None:
        from prm.access import permissions
        from prm.access.roles import STAFF_ROLES, Role

        money = [Role.FINANCE, Role.ADMINISTRATOR]
        owners = [*money, Role.PARTNER_ADMIN]
        for name, label, roles, sensitive, reads in (
            (
                "view_accounts",
                _("See bank accounts, masked"),
                [*STAFF_ROLES, Role.PARTNER_ADMIN],
                False,
                True,
            ),
            ("view_numbers", _("See whole numbers of bank accounts"), owners, True, True),
            ("ask_account", _("Ask for another bank account"), owners, True, False),
            ("confirm_account", _("Confirm bank accounts"), money, True, False),
            ("set_paying_account", _("Set the accounts that are paid from"), money, True, False),
            ("view", _("See payouts"), money, False, True),
            ("prepare", _("Prepare payouts"), money, False, False),
            ("release", _("Release payouts"), money, True, False),
            ("download", _("Download payment files"), money, True, True),
            ("execute", _("Book executed payouts"), money, True, False),
            ("view_overview", _("See the overview of money in rebates"), money, False, True),
            ("export", _("Export the overview of money in rebates"), money, True, True),
            ("view_journals", _("See exported journals"), money, False, True),
            ("export_journal", _("Export the journal"), money, True, False),
            ("set_codes", _("Set account codes of the finance system"), money, True, False),
        ):
            permissions.register(
                f"payouts.{name}", label=label, roles=roles, sensitive=sensitive, reads=reads
            )
