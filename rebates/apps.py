from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RebatesConfig(AppConfig):
    name = "rebates"
    label = "rebates"
    verbose_name = _("Rebates")

    def ready(self) -> None:
        from prm.ledger import postings
        from prm.sealing import facts
        from rebates import (
            approvals,
            conditions,
            correction_registrations,
            dispute_registrations,
            golive_registrations,
            payout_registrations,
            registrations,
            return_registrations,
            review_registrations,
            sealing,
            signature_registrations,
        )

        self._register_verbs()
        registrations.register()
        dispute_registrations.register()
        correction_registrations.register()
        golive_registrations.register()
        payout_registrations.register()
        return_registrations.register()
        review_registrations.register()
        signature_registrations.register()
        conditions.register()
        approvals.register()
        facts.register(sealing.ISSUED, sealing.complaint)
        self._declare()
        postings.register("rebates.accrue", debit="expense", credit="accrued")
        postings.register("rebates.accrual_released", debit="accrued", credit="expense")
        postings.register("rebates.close", debit="expense", credit="payable")
        postings.register("rebates.adjust", debit="expense", credit="payable")
        postings.register("rebates.correct", debit="expense", credit="payable")
        postings.register("rebates.release", debit="payable", credit="approved")
        postings.register("rebates.pay", debit="approved", credit="clearing")
        postings.register("rebates.pay", debit="approved", credit="credit_notes")
        postings.register("rebates.pay", debit="approved", credit="wallet")
        postings.register("rebates.outside_earned", debit="expense", credit="payable")
        postings.register("rebates.outside_paid", debit="payable", credit="clearing")
        postings.register("rebates.opening", debit="expense", credit="payable")

    def _declare(self) -> None:
        from prm.modules import registry
        from rebates.registrations import open_work_when_off

        registry.register(
            "rebates",
            label=_("Rebates"),
            text=_("Programmes, accruals, settlements, statements, payments and the ledger's pages."),
            needs=("orders",),
            order=40,
            open_work=open_work_when_off,
        )

    def _register_verbs(self) -> None:
        from prm.access import permissions
        from prm.access.roles import PARTNER_ROLES, STAFF_ROLES, Role

        money = [Role.FINANCE, Role.ADMINISTRATOR]
        permissions.register(
            "rebates.view", label=_("See statements"), roles=[*STAFF_ROLES, *PARTNER_ROLES], reads=True
        )
        permissions.register(
            "rebates.view_programmes", label=_("See rebate programmes"), roles=STAFF_ROLES, reads=True
        )
        permissions.register(
            "rebates.view_runs", label=_("See accruals and settlements"), roles=money, reads=True
        )
        permissions.register(
            "rebates.edit_programmes", label=_("Write and publish rebate programmes"), roles=money
        )
        permissions.register("rebates.settle", label=_("Compute settlements"), roles=money)
        permissions.register("rebates.approve", label=_("Approve settlements"), roles=money, sensitive=True)
        permissions.register("rebates.close", label=_("Close settlements"), roles=money, sensitive=True)
        permissions.register(
            "rebates.export",
            label=_("Export statements and settlements"),
            roles=[*money, *PARTNER_ROLES],
            sensitive=True,
            reads=True,
        )
        permissions.register("rebates.dispute", label=_("Dispute statements"), roles=PARTNER_ROLES)
        permissions.register(
            "rebates.decide_disputes", label=_("Decide disputes of statements"), roles=money, sensitive=True
        )
        permissions.register(
            "rebates.bring_in",
            label=_("Bring in rebates settled before go-live"),
            roles=money,
            sensitive=True,
        )
        permissions.register(
            "rebates.pay", label=_("Record payments of rebates"), roles=money, sensitive=True
        )
