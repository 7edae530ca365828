"""A deal registration on paper: what was registered, and until when it is protected."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string

from dealreg import words
from dealreg.models import DealRegistration
from dealreg.registrations import TONES
from prm.customfields.showing import facts_on_paper


def registration_text(registration: DealRegistration, request: Any) -> str:
    """What stands on the paper, as the HTML that is laid out. Whoever prints it, it says what its partner may read."""
    return render_to_string(
        "dealreg/registration_pdf.html",
        {
            "deal": registration,
            "state": words.partner_state(registration, TONES)[0],
            "lines": list(registration.lines.all()),
            "protections": list(registration.protections.all()),
            "own": facts_on_paper("deal", registration, request.actor),
        },
        request,
    )
