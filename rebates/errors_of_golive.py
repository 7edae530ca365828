"""Refusals about taking back what was brought in at go-live."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class GoLiveIsOver(DomainError):
    code = "go_live_is_over"
    message = _(
        "%(programme)s was settled here by %(run)s. What came before it stands; correct it by a sum that two people"
        " agree on, as after a dispute."
    )


class RunComputedMeanwhile(DomainError):
    code = "run_computed_meanwhile"
    message = _("%(run)s is computed and rests on these figures. Throw that computation away first.")


class TakenBackMeanwhile(DomainError):
    code = "taken_back_meanwhile"
    message = _(
        "A figure of before go-live of %(programme)s, %(period)s, was taken back after %(number)s was computed."
        " Compute it again."
    )


class TakenBackAlready(DomainError):
    code = "taken_back_already"
    message = _("This row is taken back already, or somebody has asked for it.")


class TakeBackReasonMissing(DomainError):
    code = "take_back_reason_missing"
    message = _("Say what is wrong with the row.")
    field = "reason"


class SecondPersonTakesBack(DomainError):
    code = "second_person_takes_back"
    message = _("%(person)s asked for this reversal. Somebody else has to confirm it.")


class ReversalDecided(DomainError):
    code = "reversal_decided"
    message = _("Somebody has decided about this reversal: “%(state)s”.")
