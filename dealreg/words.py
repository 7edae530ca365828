"""What the conflict check's codes mean in words, for staff, and a registration's state for both sides."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

REASONS = {
    "same_tax_number": _("Same tax number"),
    "other_tax_number": _("Other tax number"),
    "same_core_name": _("Same core name"),
    "same_name_without_place": _("Same name without the place"),
    "same_name_other_place": _("Same name, another place"),
    "same_words": _("Same words"),
    "short_form": _("Short form"),
    "acronym": _("Initials"),
    "branch": _("Branch of it"),
    "similar_name": _("Similar name"),
    "same_sound": _("Same sound"),
    "same_place_and_trade": _("Same place and trade"),
    "same_domain": _("Same web domain"),
    "same_phone": _("Same phone"),
    "same_region": _("Same region"),
    "other_region": _("Other region"),
}

# The rule that decided: what it is called and what it allows.
RULES = {
    "live_protection": (
        _("A live protection on an overlapping product line goes first."),
        _("Approve only the lines that are free, or reject."),
    ),
    "direct_only": (
        _("This customer is for direct sales only."),
        _("Reject it, or change the customer's record first."),
    ),
    "own_protection": (
        _("The partner itself holds this customer already."),
        _("Approve only the lines that are free, or reject."),
    ),
    "own_registration": (
        _("The partner itself has registered this customer already."),
        _("Approve the one that is meant and reject the other."),
    ),
    "open_registration": (
        _("Somebody else has registered this customer and waits too."),
        _("The first one handed in goes first, unless you have a reason. One can be approved per product line."),
    ),
    "named_account": (
        _("This customer is a named account."),
        _("A person decides about every registration of it."),
    ),
    "existing_customer": (
        _("The customer is on file and nobody holds it for these product lines."),
        _("You may approve."),
    ),
    "possible_match": (
        _("This may be the same company as one on file."),
        _("Compare them. If they are one company, merge the customers; if not, you may approve."),
    ),
    "nobody_on_file": (
        _("Nobody on file resembles this customer."),
        _("You may approve."),
    ),
}  # fmt: skip

STANDS = {
    "live_protection": _("Live protection"),
    "own_protection": _("The partner's own protection"),
    "open_registration": _("Open registration"),
    "own_registration": _("The partner's own registration"),
    "direct_only": _("Direct sales only"),
    "named_account": _("Named account"),
}

VERDICTS = {
    "clear": (_("Clear"), ""),
    "possible": (_("Possible conflict"), "warn"),
    "blocked": (_("Blocked"), "bad"),
}

# What a partner reads instead of the state: while staff decide, one word for everything.
PARTNER_STATES = {
    "submitted": (_("In review"), "live"),
    "in_review": (_("In review"), "live"),
    "disputed": (_("In review"), "live"),
    "info_requested": (_("Your answer is needed"), "note"),
}

VERBS = {
    "draft_begun": _("Draft begun"),
    "submitted": _("Submitted"),
    "approved": _("Approved"),
    "rejected": _("Rejected"),
    "info_requested": _("Asked for information"),
    "answered": _("Answered"),
    "corrected": _("Corrected"),
    "won": _("Won"),
    "lost": _("Lost"),
    "withdrawn": _("Withdrawn"),
    "expired": _("Expired"),
}


def partner_state(registration: Any, tones: dict[str, str]) -> tuple[Any, str]:
    """Word and tone of a registration's state as its partner reads it."""
    state = registration.state
    return PARTNER_STATES.get(state) or (registration.get_state_display(), tones.get(state, ""))
