"""Settle a period: `manage.py settle TENANT 2026-09 [--close] [--approve-as EMAIL] [--waive REASON] [--json]`."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser
from django.template.defaultfilters import pluralize

from prm.access.scope import actor_for
from prm.tenancy.commands import REFUSED, TenantCommand, UsageError
from prm.tenancy.models import Tenant
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import few_members
from rebates.errors import ApproveAsOnlyInDemo
from rebates.models import SettlementRun
from rebates.services.closing import refuse_before_the_end, whose_turn
from rebates.services.computing import compute_run
from rebates.services.issuing import close_run
from rebates.services.reviewing import approve_run
from rebates.since import came_in

BY = Actor.command("settle")


class Command(TenantCommand):
    help = "Compute the settlement of a period; approved, close it. A closed one is only shown."

    def add_more_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("period", metavar="PERIOD", help="2026-09, 2026-Q3 or 2026")
        parser.add_argument("--close", action="store_true", help="close the run if it is approved")
        parser.add_argument("--approve-as", metavar="EMAIL", help="approve as this person (demo and tests)")
        parser.add_argument(
            "--waive", metavar="REASON", default="", help="why findings without an answer may stay"
        )
        parser.add_argument("--json", action="store_true")

    def handle_tenant(self, tenant: Tenant, **options: Any) -> None:
        try:
            period = Period.parse(options["period"])
        except ValueError as problem:
            raise UsageError(str(problem)) from problem
        run = SettlementRun.objects.filter(ends=period.end).first()
        if run is None or self._computes(run, options):
            run = compute_run(period=period, by=BY)
        if options["approve_as"] and run.state in SettlementRun.RECOMPUTABLE:
            run = self._approve(run, tenant, options["approve_as"], options["waive"])
        if options["close"] and not run.is_closed:
            run = self._close(run, options)
        self._show(run, options)

    def _computes(self, run: SettlementRun, options: dict[str, Any]) -> bool:
        """Whether to compute anew. Who is about to approve or close a run in review means the one that was reviewed."""
        asked_for = run.state == SettlementRun.State.IN_REVIEW and (options["close"] or options["approve_as"])
        return run.state in SettlementRun.RECOMPUTABLE and not asked_for

    def _approve(self, run: SettlementRun, tenant: Tenant, email: str, reason: str) -> SettlementRun:
        if not (settings.DEMO or settings.DEBUG):
            raise ApproveAsOnlyInDemo()
        user = get_user_model().objects.filter(email__iexact=email, is_active=True).first()
        if user is None:
            raise UsageError(f"Nobody here has the e-mail address {email}.")
        return approve_run(run=run, by=actor_for(user, tenant=tenant.schema_name), reason=reason)

    def _close(self, run: SettlementRun, options: dict[str, Any]) -> SettlementRun:
        if run.state == SettlementRun.State.CLOSING:  # begun before, and stopped or killed
            return close_run(run=run, by=BY)
        refuse_before_the_end(run)
        if run.state != SettlementRun.State.APPROVED:
            people = ", ".join(f"{user} <{user.email}>" for user in whose_turn(run))
            by = (
                f"by one of: {people}"
                if people
                else ("and nobody may: it needs a second person with the role finance or administrator")
            )
            self._show(run, options)
            raise CommandError(f"{run.number} must be approved first, {by}", returncode=REFUSED)
        since = came_in(run)
        if since.older.count:
            self.stderr.write(
                f"{run.number}: {since.older.count} sales lines, credits and payments of closed months, from"
                f" {since.older.first} on, came in since it was computed. The next settlement adjusts."
            )
        if since.own:
            credits = f" and {since.credits} credits of agents" if since.credits else ""
            self.stderr.write(
                f"{run.number}: {since.lines} sales lines{credits} came in since it was computed. It is closed without"
                " them; a later settlement adjusts."
            )
        return close_run(run=run, by=BY)

    def _show(self, run: SettlementRun, options: dict[str, Any]) -> None:
        facts = {
            "run": run.number,
            "period": str(run.period),
            "state": run.state,
            "programmes": list(
                run.scopes.order_by("programme__code").values_list("programme__code", flat=True)
            ),
            "partners": run.partner_count,
            "lines": run.line_count,
            "totals": run.totals,
            "findings": run.findings,
        }
        if options["json"]:
            self.stdout.write(json.dumps(facts))
            return
        self.stdout.write(
            f"{run.number}: {run.state}, {run.partner_count} partner{pluralize(run.partner_count)},"
            f" {run.line_count} sales line{pluralize(run.line_count)}"
        )
        for total in run.totals:
            self.stdout.write(f"  {total['currency']} earned {total['earned']}, adjusted {total['adjusted']}")
        for finding in run.findings:
            self.stderr.write(f"  {_sentence(finding)}")


def _sentence(finding: dict[str, Any]) -> str:
    """A finding of the computation as people read it."""
    if finding["kind"] == "other_currency":
        return (
            f"{finding['programme']}: {finding['lines']} lines in {finding['currency']}"
            f" ({finding['amount']}, {finding['partners']} partners) were not counted"
        )
    if finding["kind"] == "no_rate":
        return (
            f"{finding['programme']} was not computed for {finding['period']}: there is no exchange rate"
            f" {finding['pair']} for {finding['day']} at the source {finding['source']}"
        )
    if finding["kind"] == "year_without_lines":
        return (
            f"{', '.join(finding['programmes'])}: {finding['partners']} partners are left out of {finding['period']}:"
            " months of the year were settled before go-live, and the sales lines of that time are not on file"
            + (
                "; whoever is computed together with them is left out too"
                if finding.get("with_group")
                else ""
            )
        )
    if finding["kind"] == "settled_outside_without_lines":
        return (
            f"{', '.join(finding['programmes'])}: {finding['partners']} partners have late lines in"
            f" {finding['period']}, which was settled before go-live, and no other line of that time on file"
        )
    if finding["kind"] == "no_day":
        lacking = {"order": "no order date", "shipment": "no shipping date", "payment": "no full payment"}
        return (
            f"{finding['programme']}: {finding['lines']} lines booked in {finding['period']} have"
            f" {lacking[finding['basis']]} and do not count yet ({', '.join(finding['named'])})"
        )
    if finding["kind"] == "few_members":
        return few_members.words(finding)
    return f"The month is not over; its last day is {finding['last_day']}. Compute it again afterwards."
