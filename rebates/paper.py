"""Statements on paper, in the reader's language."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string

from prm.customfields.showing import facts_on_paper
from rebates.explanations import explain
from rebates.limit_words import kept_rows
from rebates.models import Statement
from rebates.statements import statement_lines


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
            "kept": kept_rows(statement),
            "payments": statement.payments.order_by("id"),
            "explained": explained,
            "manual": [one for line in lines for one in line.manual],
            "own": own,
        },
        request,
    )
