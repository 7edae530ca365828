"""Statements as PDF: the same template language on paper, in the reader's language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from prm.customfields.showing import facts_on_paper
from rebates.explanations import explain
from rebates.models import Statement
from rebates.statements import statement_lines


class PdfMissing(RuntimeError):
    """The system library that lays out pages (Pango) is not installed."""


def statement_pdf(statement: Statement, request: Any) -> bytes:
    """The statement with the arithmetic of each figure. Raises PdfMissing where Pango is absent."""
    try:
        from weasyprint import HTML
    except OSError as problem:
        raise PdfMissing(str(problem)) from problem
    return HTML(
        string=statement_text(statement, request), base_url=str(settings.BASE_DIR), url_fetcher=refuse
    ).write_pdf()


def statement_text(statement: Statement, request: Any) -> str:
    """What stands on the paper, as the HTML that is laid out."""
    lines = statement_lines(statement)
    explained = [explain(line.result) for line in lines if line.result]
    explained += [explain(result) for line in lines for result in line.adjustments]
    own = facts_on_paper("partner", statement.partner, request.actor)
    return render_to_string(
        "rebates/statement_pdf.html",
        {
            "statement": statement,
            "lines": lines,
            "payments": statement.payments.order_by("id"),
            "explained": explained,
            "own": own,
        },
        request,
    )


def refuse(url: str, *args: Any, **kwargs: Any) -> Any:
    """Nothing is fetched while a page is laid out: everything it needs is in its own text."""
    raise ValueError(f"not fetched: {url}")
