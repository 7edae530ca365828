"""May I register this customer? The question is stored; the answer comes at a fixed tick, whatever was found."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from dealreg import conflicts
from dealreg.events import AskedTooOften
from dealreg.models import AvailabilityQuestion
from partners.models import Partner
from prm.access.rules import require
from prm.audit.services import record
from prm.catalogue.models import ProductLine
from prm.customers.errors import NameMissing, NameTooLong
from prm.customers.identifiers import clean_domain, clean_tax_number, says_something
from prm.customers.models import identity
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor

TICK = timedelta(milliseconds=500)
TIMES = 3
WITHIN = timedelta(days=90)
JUST_NOW = timedelta(minutes=15)
NAME_MOST = 200

Answer = AvailabilityQuestion.Answer


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """The answer for one product line; `own` is the number of the company's own registration, if that is it."""

    answer: str
    own: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the line can be registered."""
        return self.answer != Answer.NOT_AVAILABLE and not self.own


@transaction.atomic
def ask_availability(
    *,
    customer_name: str,
    product_lines: Iterable[ProductLine],
    tax_number: str = "",
    domain: str = "",
    region: str = "",
    partner: Partner | None = None,
    remembered: bool = False,
    by: Actor,
) -> AvailabilityQuestion:
    """Store the question with its answer, which `answer_of` shows half a second later.

    `partner` is the actor's own company unless staff ask for one. With `remembered` the very same question of the
    last quarter of an hour is handed out again instead of being asked anew, and one in the same words with other
    product lines belongs to it and does not count: for a form that asks by itself.

    A company may ask about the same customer three times in 90 days; the next question is not looked up at all but
    goes to its channel manager. Puts nobody on file. Raises DomainError naming the field.
    """
    require(by, "dealreg.check", partner)
    if partner is None:
        partner = Partner.objects.visible_to(by).get(pk=by.partner_id)
    asked_at = clock.now()
    # One question of a company at a time: the limit must hold for two that come at once.
    partner = Partner.objects.locked(partner)
    question = _question(
        partner=partner,
        customer_name=" ".join(customer_name.split()),
        tax_number=clean_tax_number(tax_number),
        domain=clean_domain(domain),
        region=region.strip()[:80],
        by=by,
    )
    lines = list(product_lines)
    question.product_lines = [line.pk for line in lines]
    question.asked_at, question.answer_at = asked_at, asked_at + TICK
    if remembered and (before := _the_same(question)):
        return before
    question.counts = not (remembered and _goes_on(question))
    if question.counts and _asked_before(question) >= TIMES:
        question.answer = Answer.ASK_MANAGER
    else:
        _answer(question, lines)
    question.save()
    record(question, "asked", by=by)
    if question.answer == Answer.ASK_MANAGER:
        emit(AskedTooOften(question_id=question.pk), object_key=f"question:{question.pk}")
    return question


def answer_of(question: AvailabilityQuestion) -> str:
    """The answer (a value of AvailabilityQuestion.Answer) once its tick has come; before, an empty text."""
    return question.answer if clock.now() >= question.answer_at else ""


def own_registration_of(question: AvailabilityQuestion) -> str:
    """The number of the partner's own registration of this customer, where that is what stands against it."""
    return question.result.get("own", "") if answer_of(question) else ""


def answers_by_line(question: AvailabilityQuestion) -> dict[int, LineAnswer]:
    """The answer for each product line that was asked for, once the tick has come; none where it was not looked up."""
    if not answer_of(question):
        return {}
    return {int(pk): LineAnswer(**said) for pk, said in question.result.get("by_line", {}).items()}


def lines_to_register(question: AvailabilityQuestion) -> list[int]:
    """The product lines that are worth registering after this answer: those that nobody holds."""
    answers = answers_by_line(question)
    return [pk for pk in question.product_lines if pk not in answers or answers[pk].is_open]


def _by_line(result: conflicts.ConflictResult, lines: list[ProductLine]) -> dict[str, dict[str, str]]:
    return {
        str(line.pk): {"answer": conflicts.what_partner_hears(found), "own": found.own}
        for line, found in conflicts.by_line(result, lines).items()
    }


def _answer(question: AvailabilityQuestion, lines: list[ProductLine]) -> None:
    result = conflicts.check(
        name=question.customer_name,
        tax_number=question.tax_number,
        domain=question.domain,
        region=question.region,
        product_lines=lines,
        partner=question.partner,
    )
    question.answer = conflicts.what_partner_hears(result)
    question.result = result.as_json() | {"by_line": _by_line(result, lines)}


def _question(*, customer_name: str, by: Actor, **fields: object) -> AvailabilityQuestion:
    if not customer_name:
        raise NameMissing(field="customer_name")
    if len(customer_name) > NAME_MOST:
        raise NameTooLong(field="customer_name", most=NAME_MOST)
    return AvailabilityQuestion(
        token=secrets.token_hex(16),
        asked_by_id=by.user_id,
        customer_name=customer_name,
        core_key=identity(customer_name)[:200],
        **fields,
    )


def _in_the_same_words(question: AvailabilityQuestion) -> QuerySet[AvailabilityQuestion]:
    """The company's own questions of just now that describe the customer as this one does."""
    words = {name: getattr(question, name) for name in ("core_key", "tax_number", "domain", "region")}
    return AvailabilityQuestion.objects.for_everyone(because="the company's own question").filter(
        partner=question.partner, asked_at__gt=question.asked_at - JUST_NOW, **words
    )


def _the_same(question: AvailabilityQuestion) -> AvailabilityQuestion | None:
    """The very same question of just now; its answer is not looked up again."""
    return _in_the_same_words(question).filter(product_lines=question.product_lines).first()


def _goes_on(question: AvailabilityQuestion) -> bool:
    """Whether it only asks of other product lines what was asked, and counted and answered, just now.

    Going on with one that went on itself would stretch a quarter of an hour for ever; other words ask of somebody else.
    """
    return _in_the_same_words(question).filter(counts=True).exclude(answer=Answer.ASK_MANAGER).exists()


def _asked_before(question: AvailabilityQuestion) -> int:
    """How often the company asked about this customer, by name, tax number or web domain, and got an answer."""
    same = Q(core_key=question.core_key)
    if question.tax_number:
        same |= Q(tax_number=question.tax_number)
    if says_something(question.domain):
        same |= Q(domain=question.domain)
    return (
        AvailabilityQuestion.objects.for_everyone(because="the limit counts the company's own questions")
        .filter(same, partner=question.partner, asked_at__gt=question.asked_at - WITHIN, counts=True)
        .exclude(answer=Answer.ASK_MANAGER)
        .count()
    )
