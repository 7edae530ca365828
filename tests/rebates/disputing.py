"""Words of disputes for tests: a settled month with lines of known documents, a ledger as a file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from prm.values import clock
from rebates import services
from rebates.models import Dispute, Statement
from tests.rebates.world import apply, policy, sell, settle

HEAD = "document,date,product,quantity,net amount"


def settled(company: Any, *amounts: Any, period: str = "2026-08", **entries: Any) -> Statement:
    """A closed month in which the company bought these amounts under T, each with a document of its own."""
    apply(policy(**entries))
    for number, amount in enumerate(amounts, start=1):
        sell(company, amount, f"{period}-{10 + number}", document=f"INV-{number}")
    settle(period)
    return statement_of(company, period)


def statement_of(company: Any, period: str = "2026-08") -> Statement:
    rows = Statement.objects.for_everyone(because="a test").select_related("run", "partner")
    return rows.get(partner=company.row, starts=f"{period}-01")


def lines_of(company: Any) -> dict[str, Any]:
    return {line.document: line for line in company.row.sales_lines.all()}


def ledger(*rows: str, name: str = "ledger.csv", head: str = HEAD) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join([head, *rows]).encode(), content_type="text/csv")


def marked(
    company: Any, *documents: str, what: str = "amount", reason: str = "Not what we bought", **more: Any
) -> Dispute:
    """The company disputes its lines of these documents."""
    lines = lines_of(company)
    claims = [services.Claim(what=what, sales_line=lines[one].pk, **more) for one in documents]
    statement = statement_of(company)
    return services.open_dispute(statement=statement, claims=claims, reason=reason, by=company.admin)


def days_later(statement: Statement, days: int) -> Any:
    return clock.at(statement.issued_at + timedelta(days=days))
