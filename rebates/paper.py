"""Statements on paper in the reader's language, and the agreement about a programme in every language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from prm.customfields.showing import facts_on_paper
from prm.values import clock
from prm.values.actor import Actor
from rebates import further, wording
from rebates.exchange import version_as_yaml
from rebates.explanations import explain
from rebates.limit_words import kept_rows
from rebates.models import Dispute, Signature, Statement, Version
from rebates.services.payments import open_on, state_of
from rebates.signing import digest_of, text_of
from rebates.statements import statement_lines


def statement_text(statement: Statement, request: Any) -> str:
    """What stands on the paper, as the HTML that is laid out."""
    return render_to_string("rebates/statement_pdf.html", _parts(statement, request.actor), request)


def statement_paper(statement: Statement, by: Actor, tenant: Any) -> str:
    """The same where nobody asks for a page: a job prints it."""
    context = _parts(statement, by) | {"request": {"tenant": tenant, "actor": by}}
    return render_to_string("rebates/statement_pdf.html", context)


def _parts(statement: Statement, by: Actor) -> dict[str, Any]:
    lines = statement_lines(statement)
    explained = [explain(line.result) for line in lines if line.result]
    explained += [explain(result) for line in lines for result in line.adjustments]
    (parts,), live = open_on([statement]), Dispute.objects.visible_to(by).of(statement).live()
    return {
        "statement": statement,
        "parts": parts,
        "payment_state": state_of(parts),
        "disputes": list(live.values_list("number", flat=True)),
        "as_of": clock.now(),
        "lines": lines,
        "kept": kept_rows(statement),
        "further": further.parts_of(statement, by),
        "payments": statement.payments.select_related("goods", "credit_note").order_by("id"),
        "explained": explained,
        "manual": [one for line in lines for one in line.manual],
        "own": facts_on_paper("partner", statement.partner, by),
    }


def agreement_text(version: Version, request: Any, signed: Signature | None = None) -> str:
    """What both sides sign: the policy's own sentence in each language, the words finance added, and the exact text.

    The sentence is made from the policy, so that what is signed and what is computed cannot differ. `signed` is the
    reader's own company's signature: who, when, and which text.
    """
    parts = []
    for code, name in settings.LANGUAGES:
        with translation.override(code):
            words = version.policy.get("text_zh" if code.startswith("zh") else "text", "")
            parts.append({"code": code, "language": name, "name": version.named,
                          "sentence": wording.sentence(version), "words": words})  # fmt: skip
    context = {
        "version": version,
        "parts": parts,
        "text": version_as_yaml(version, for_partners=True),
        "signed": signed,
        "is_other_text": signed is not None and signed.digest != digest_of(text_of(version)),
    }
    return render_to_string("rebates/agreement_pdf.html", context, request)
