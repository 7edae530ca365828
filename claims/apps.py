from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClaimsConfig(AppConfig):
    name = "claims"
    label = "claims"
    verbose_name = _("Price claims")

    def ready(self) -> None:
        from claims import books, registrations
        from prm.ledger import postings

        self._register_verbs()
        registrations.register()
        books.register()
        self._declare()
        postings.register("claims.approve", debit="expense", credit="payable")
        postings.register("claims.release", debit="payable", credit="approved")
        postings.register("claims.pay", debit="approved", credit="clearing")
        postings.register("claims.pay", debit="approved", credit="credit_notes")

    def _declare(self) -> None:
        from claims.registrations import open_work_when_off
        from prm.modules import registry

        registry.register(
            "claims",
            label=_("Price claims"),
            text=_(
                "Special-price agreements, sell-through and stock reports, and claims on them: ship and debit, "
                "price protection."
            ),
            needs=("orders",),
            order=47,
            open_work=open_work_when_off,
        )

    def _register_verbs(self) -> None:
        from prm.access import permissions
        from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role

        money = [Role.FINANCE, Role.ADMINISTRATOR]
        own = [*STAFF_ROLES, Role.PARTNER_ADMIN]
        for name, label, roles, sensitive, reads in (
            (
                "view_agreements",
                _("See special-price agreements"),
                [*STAFF_ROLES, *PARTNER_ROLES],
                False,
                True,
            ),
            ("enter_agreement", _("Enter special-price agreements"), STAFF_ROLES, False, False),
            ("approve_agreement", _("Approve and end special-price agreements"), money, True, False),
            ("view", _("See price claims, sell-through and stock"), own, False, True),
            ("report", _("Import sell-through and stock"), own, False, False),
            ("submit", _("Draft and submit price claims"), own, False, False),
            ("decide", _("Decide about price claims"), money, True, False),
            ("pay", _("Pay price claims"), money, True, False),
            ("enter_drop", _("Enter price drops"), STAFF_ROLES, False, False),
            ("confirm_drop", _("Confirm price drops"), money, True, False),
            ("export", _("Export agreements, reports and price claims"), own, True, True),
        ):
            permissions.register(f"claims.{name}", label=label, roles=roles, sensitive=sensitive, reads=reads)
