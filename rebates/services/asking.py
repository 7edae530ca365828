"""What a programme's text asks of partners must exist: the single partners, the certificates, the figures of gates."""

from __future__ import annotations

from django.utils.translation import gettext as _

from partners.models import Partner
from rebates import formula, measure_factors
from rebates.policy import ProgrammeText
from rebates.traits import KIND_NAMES, offered


def unknown_to_traits(text: ProgrammeText) -> list[str]:
    """A sentence for each partner, certificate and figure that the text names and nobody knows."""
    who, gates = text.policy.get("who", {}), text.policy.get("gates", [])
    named = {*who.get("partners", []), *text.policy["mechanism"].get("targets", {})}
    rows = Partner.objects.for_everyone(because="which numbers exist").filter(number__in=named)
    known = set(rows.values_list("number", flat=True)) if named else set()
    problems = [
        _("%(programme)s: no partner has the number %(number)s.") % {"programme": text.code, "number": number}
        for number in sorted(named - known)
    ]
    asked = [("certificate", code) for code in who.get("certificates", [])]
    asked += [(gate["kind"], gate.get("code", "")) for gate in gates]
    further = [*formula.asked_of(text.policy), *measure_factors.asked_of(text.policy)]
    asked += [("measure", one["code"]) for one in further]
    return problems + [
        _("%(programme)s: nothing called %(code)s can be asked for as a %(kind)s.")
        % {"programme": text.code, "code": code, "kind": KIND_NAMES[kind]}
        for kind, code in asked
        if code not in dict(offered(kind))
    ]
