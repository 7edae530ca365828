"""What a partner is told about a customer it asked for: one of four answers, alike in layout, length and time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dealreg.models import AvailabilityQuestion
from dealreg.services.availability import LineAnswer, answers_by_line, own_registration_of
from dealreg.services.drafts import default_type
from dealreg.waiting import deciders_by_partner
from prm.catalogue.models import ProductLine
from prm.ui import formats
from prm.values import clock

Answer = AvailabilityQuestion.Answer
LEVEL = timedelta(milliseconds=250)  # a check takes a tenth of it

# For each answer: tone, icon, heading, sentence, the short line under a field, and the word in a list.
TOLD = {
    Answer.CLEAR: (
        "ok", "circle-check", _("Yes, you can register it"),
        _("Clear today for %(lines)s. Only a registration holds the customer for you: %(days)s days from approval."),
        _("Clear for %(lines)s, checked just now"),
    ),
    Answer.UNDER_REVIEW: (
        "live", "hourglass", _("It needs a closer look"),
        _("Register it for %(lines)s: %(manager)s decides. From approval you are protected for %(days)s days."),
        _("Needs a closer look: %(manager)s decides when you register"),
    ),
    Answer.NOT_AVAILABLE: (
        "", "ban", _("It is not available"),
        _("Not available today for %(lines)s. %(manager)s can tell you more, or ask again in %(days)s days."),
        _("Not available for %(lines)s. Ask %(manager)s"),
    ),
    Answer.ASK_MANAGER: (
        "warn", "message-2-question", _("Ask your channel manager"),
        _("You have asked about this customer three times in 90 days. %(manager)s has your question for %(lines)s."),
        _("Asked three times already. %(manager)s has your question"),
    ),
}  # fmt: skip
# What stands against it is the company's own registration: no word of conflict, the way there.
OWN = (
    "ok", "circle-check", _("You have registered it already"),
    _("For %(lines)s your company has a registration of this customer. Go on there; nothing need be registered again."),
    _("Your company has registered it already"),
)  # fmt: skip
# Some lines are free, some are not: each is named, with a sentence for each way in which it stands.
PARTLY = ("live", "circle-dot", _("Yes, for some product lines"))
OPEN_LINES = _("You can register it for %(open)s.")
OWN_LINES = _("For %(own)s your company has a registration already.")
HELD_LINES = _("Not available today: %(held)s; %(manager)s can tell you more.")
HELD_SHORT = _("Not available for %(held)s.")
# A question is no registration, so its list has words of its own.
IN_LIST = {
    Answer.CLEAR: _("Can be registered"),
    Answer.UNDER_REVIEW: _("Needs a closer look"),
    Answer.NOT_AVAILABLE: _("Not available"),
    Answer.ASK_MANAGER: _("Ask your channel manager"),
}


def told(asked: AvailabilityQuestion) -> dict[str, Any]:
    """What the page or the line under the field says; before the tick only how long there is to wait."""
    left = (asked.answer_at - clock.now()).total_seconds()
    if left > 0:
        return {"asked": asked, "waits_ms": int(left * 1000) + 1}
    people = deciders_by_partner([asked.partner_id])[asked.partner_id]
    lines = list(ProductLine.objects.filter(pk__in=asked.product_lines))
    answers = answers_by_line(asked)
    closed = [line for line in lines if line.pk in answers and not answers[line.pk].is_open]
    mine = [line for line in closed if answers[line.pk].own]
    values = {
        "lines": _names(lines),
        "own": _names(mine),
        "held": _names(line for line in closed if line not in mine),
        "open": _names(line for line in lines if line not in closed),
        "manager": formats.names(people),
        "days": default_type().protection_days,
    }
    partly = 0 < len(closed) < len(lines)
    own = _own(asked) if not answers or len(mine) == len(lines) else ""
    tone, icon, heading, sentence, short = (
        (*PARTLY, *_partly(values)) if partly else OWN if own else TOLD[Answer(asked.answer)]
    )
    return {
        "asked": asked,
        "waits_ms": 0,
        "tone": tone,
        "icon_name": icon,
        "heading": heading,
        "sentence": sentence % values,
        "short": short % values,
        "may_register": partly or (asked.answer in (Answer.CLEAR, Answer.UNDER_REVIEW) and not own),
        "own": own,
        "by_line": [_line(line, answers[line.pk]) for line in lines if len(answers) > 1],
    }


def _partly(values: dict[str, Any]) -> tuple[str, str]:
    """The sentence, and the short one, where some lines are free and some are not."""
    standing = [(OWN_LINES, OWN_LINES, "own"), (HELD_LINES, HELD_SHORT, "held")]
    long, short = [OPEN_LINES], [OPEN_LINES]
    for told_long, told_short, name in standing:
        if values[name]:
            long.append(told_long)
            short.append(told_short)
    return " ".join(map(str, long)), " ".join(map(str, short))


def _names(lines: Iterable[ProductLine]) -> str:
    return ", ".join(str(line) for line in lines)


def _line(line: ProductLine, said: LineAnswer) -> dict[str, Any]:
    """What is told of one product line, as a row."""
    if said.own:
        return {"line": line, "word": _("Registered by you"), "tone": OWN[0]}
    answer = Answer(said.answer)
    return {"line": line, "word": IN_LIST[answer], "tone": TOLD[answer][0]}


def _own(asked: AvailabilityQuestion) -> str:
    """The address of the company's own registration of this customer, if that is what stands against it."""
    number = own_registration_of(asked)
    return reverse("dealreg:detail", args=[number]) if number else ""


def level_time(asked: AvailabilityQuestion) -> None:
    """Hold the reply to a question until a fixed moment after it came, so that its time tells nothing."""
    left = (asked.asked_at + LEVEL - clock.now()).total_seconds()
    if left > 0:
        time.sleep(left)


def in_list(asked: AvailabilityQuestion) -> dict[str, Any]:
    """An earlier question as a row."""
    answers = answers_by_line(asked).values()
    if len({one.is_open for one in answers}) > 1:
        return {"asked": asked, "word": _("For some product lines"), "tone": PARTLY[0]}
    if own_registration_of(asked):
        return {"asked": asked, "word": _("Registered by you"), "tone": OWN[0]}
    answer = Answer(asked.answer)
    return {"asked": asked, "word": IN_LIST[answer], "tone": TOLD[answer][0]}
