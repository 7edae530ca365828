"""The demo's programmes, two settled months, one to settle, and the current one."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.contrib.auth import get_user_model

from orders.models import CreditedLine
from orders.services import correct_credit
from partners.models import Partner
from prm.access.scope import actor_for
from prm.catalogue.models import Product
from prm.sealing.services import seal_waiting
from prm.starter import kit
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates import dispute_demo
from rebates.models import CreditNote, SettlementRun, Statement
from rebates.policy import read_yaml
from rebates.services import (
    apply_programmes,
    approve_run,
    close_run,
    compute_run,
    confirm_credit_note,
    pay_statement,
    submit_for_review,
)

PROGRAMMES = """
schema: 1
programmes:
  - code: home-volume
    name: Home volume bonus
    name_zh: 家居阶梯返利
    from: {first}
    currency: {currency}
    period: month
    who: {{tiers: [gold, silver]}}
    qualify: {{product_lines: [decor, kitchen]}}
    mechanism:
      kind: marginal
      bands:
        - {{from: 0, rate: 2%}}
        - {{from: {step1}, rate: 3%}}
        - {{from: {step2}, rate: 5%}}
    late: {{grace_days: 20}}
    budget: {{amount: {budget}, per: year, warn_at: [50, 80, 100]}}
    clause: "3.1"
    dispute_days: 60
  - code: gift-accelerator
    name: Gift season accelerator
    name_zh: 礼品季达标返利
    from: {first}
    currency: {currency}
    period: month
    qualify: {{product_lines: [gifts]}}
    mechanism:
      kind: retroactive
      bands:
        - {{from: {low}, rate: 1.5%}}
        - {{from: {middle}, rate: 2.5%}}
        - {{from: {high}, rate: 4%}}
    clause: "3.2"
    dispute_days: 60
  - code: east-alliance
    name: East region alliance
    name_zh: 华东联合返利
    from: {first}
    currency: {currency}
    period: month
    who: {{regions: [上海, 杭州, 南京, 苏州], as: group}}
    qualify: {{product_lines: [gifts]}}
    mechanism:
      kind: retroactive
      bands:
        - {{from: 0, rate: 1%}}
        - {{from: {group1}, rate: 2%}}
        - {{from: {group2}, rate: 3%}}
    clause: "3.3"
    dispute_days: 60
  - code: kitchen-fund
    name: Kitchen launch fund
    name_zh: 厨房新品推广返利
    from: {first}
    currency: {currency}
    period: month
    qualify: {{product_lines: [kitchen]}}
    mechanism: {{kind: flat, rate: 3%}}
    caps:
      - {{on: payout, amount: {fund}, over: partners}}
    clause: "3.4"
    dispute_days: 60
  - code: decor-loyalty
    name: Décor loyalty bonus
    name_zh: 家饰忠诚返利
    from: {first}
    currency: {currency}
    period: month
    qualify: {{product_lines: [decor]}}
    mechanism: {{kind: flat, rate: 1%}}
    gates:
      - {{kind: measure, code: orders.net_sales, at_least: {gate}}}
    clause: "3.5"
    dispute_days: 60
  - code: prompt-payment
    name: Prompt payment rebate
    name_zh: 回款返利
    from: {first}
    currency: {currency}
    period: month
    who: {{types: [distributor]}}
    mechanism: {{kind: flat, rate: 1%}}
    factors:
      - kind: collection
        steps:
          - {{days: 20, factor: 100%}}
          - {{days: 35, factor: 60%}}
          - {{days: 60, factor: 30%}}
    budget: {{amount: {prompt_budget}, per: year, warn_at: [70, 90, 100]}}
    clause: "3.6"
    dispute_days: 60
  - code: decor-pieces
    name: Décor sales bonus by serial number
    name_zh: 家饰单品奖励（按序列号）
    from: {third}
    currency: {currency}
    period: month
    qualify: {{product_lines: [decor]}}
    mechanism: {{kind: spif, amount: {piece}, per: serial}}
    budget: {{amount: {piece_budget}, per: year, warn_at: [60, 80, 100]}}
    clause: "3.7"
    dispute_days: 60
  - code: gift-growth
    name: Gift growth bonus
    name_zh: 礼品增长返利
    from: {first}
    currency: {currency}
    period: month
    qualify: {{product_lines: [gifts]}}
    mechanism:
      kind: growth
      on: all
      bands:
        - {{from: 10%, rate: 0.5%}}
        - {{from: 40%, rate: 1%}}
    baseline: {{kind: prior_period, new_partner: skip}}
    stacking: {{kind: best_of, programmes: [gift-target]}}
    clause: "3.8"
    dispute_days: 60
  - code: gift-target
    name: Gift target bonus
    name_zh: 礼品目标返利
    from: {first}
    currency: {currency}
    period: month
    qualify: {{product_lines: [gifts]}}
    mechanism:
      kind: target
      target: {target}
      targets: {{P-1001: {own_target}, P-1002: {small_target}}}
      on: all
      bands:
        - {{from: 100%, rate: 0.8%}}
        - {{from: 150%, rate: 1.2%}}
    clause: "3.8"
    dispute_days: 60
  - code: kitchen-mix
    name: Kitchen share bonus
    name_zh: 厨房占比返利
    from: {first}
    currency: {currency}
    period: month
    mechanism:
      kind: mix
      focus: [kitchen]
      bands:
        - {{from: 30%, rate: 0.3%}}
        - {{from: 45%, rate: 0.5%}}
    budget: {{amount: {mix_budget}, per: year, warn_at: [75, 100]}}
    clause: "3.9"
    dispute_days: 60
  - code: projects-abroad
    name: Projects abroad bonus
    name_zh: 海外项目返利
    from: {first}
    currency: {currency}
    period: month
    who: {{types: [integrator]}}
    exchange: booking_date
    mechanism: {{kind: flat, rate: 1%}}
    clause: "3.10"
    dispute_days: 60
  - code: agent-commission
    name: Agents' commission
    name_zh: 代理商佣金
    from: {first}
    currency: {currency}
    period: month
    counts: credited
    who: {{types: [agent]}}
    mechanism:
      kind: marginal
      bands:
        - {{from: 0, rate: 4%}}
        - {{from: {step1}, rate: 6%}}
    late: {{grace_days: 20}}
    clause: "5.1"
    dispute_days: 60
"""
STEPS = {
    "CNY": {
        "step1": 20_000,
        "step2": 50_000,
        "low": 5_000,
        "middle": 20_000,
        "high": 45_000,
        "budget": 150_000,
        "group1": 50_000,
        "group2": 100_000,
        "fund": 8_000,
        "gate": 40_000,
        "prompt_budget": 10_000,
        "piece": 20,
        "piece_budget": 14_000,
        "target": 10_000,
        "own_target": 12_000,
        "small_target": 8_000,
        "mix_budget": 20_000,
    },
}
STEPS |= {code: {name: amount // 10 for name, amount in STEPS["CNY"].items()} for code in ("EUR", "GBP")}


def fill(*, tenant: Any, size: str, say: Callable[[str], None]) -> None:
    """Programmes of several kinds for four months: two settled and mostly paid, one left to settle, one running. The
    bonus by serial number begins with the third: what a disputed quantity is worth under it nobody could tell.
    """
    say("rebate programmes and two settlements")
    by = Actor.command("demo")
    settled = Period.of("month", clock.today()).previous.previous
    first = settled.previous
    text = PROGRAMMES.format(
        first=first.start.isoformat(), third=settled.next.start.isoformat(), currency=tenant.currency,
        **STEPS[tenant.currency],
    )  # fmt: skip
    with clock.at(clock.start_of_day(clock.days_after(first.start, -12))):
        apply_programmes(texts=read_yaml(text), by=by)
    people = get_user_model().objects
    finance = actor_for(people.get(email="finance@demo.example"))
    controller = actor_for(people.get(email="controller@demo.example"))
    run = _settle(first, finance, controller)
    _pay(run, 1, finance, but=None, ways=("credit_note",))
    _confirm_credit_notes(run, finance)
    dispute_demo.correct(run, finance=finance, controller=controller)
    _correct_a_share(first, finance)
    run = _settle(settled, finance, controller)
    _pay(
        run, Fraction(2, 3), finance, but=dispute_demo.own_partner(), ways=("credit_note", "wallet", "goods")
    )
    dispute_demo.fill(run, finance=finance, controller=controller)


def _correct_a_share(month: Period, finance: Actor) -> None:
    """A share of a closed month was wrong: the next settlement posts what the right one changes."""
    credits = (
        CreditedLine.objects.visible_to(finance)
        .in_force()
        .filter(booking_date__gte=month.start, booking_date__lt=month.end, share=50, is_return=False)
    )
    credit = credits.order_by("pk").first()
    if credit is not None:
        with clock.at(clock.start_of_day(clock.days_after(month.end, 25))):
            correct_credit(
                credit=credit,
                share=Decimal(60),
                reason="60 % was agreed in the mail of the kick-off",
                by=finance,
            )


def _settle(month: Period, finance: Actor, controller: Actor) -> SettlementRun:
    with clock.at(clock.start_of_day(clock.days_after(month.end, 9))):
        seal_waiting()  # the scheduler is not there yet, and statements print the head
        run = compute_run(period=month, by=finance)
        submit_for_review(run=run, by=finance, reason="Looked at with the channel managers: as agreed")
        # The clerk on the sign-in page releases payments, so somebody else has approved.
        return close_run(run=approve_run(run=run, by=controller), by=controller)


def _pay(
    run: SettlementRun, share: int | Fraction, finance: Actor, *, but: int | None, ways: tuple[str, ...]
) -> None:
    """Pay that share of what is open, the first statements first, these as `ways` say and the others by transfer;
    nothing to the partner that disputes its own.
    """
    statements = Statement.objects.visible_to(finance).for_list().filter(run=run, unpaid__gt=0).order_by("pk")
    statements = statements.exclude(partner__status=Partner.Status.SUSPENDED)  # its payment is blocked
    statements = statements.exclude(partner_id=but) if but else statements
    some = statements[: int(share * statements.count())]
    goods = f"12 × {Product.objects.order_by('code').first()}"
    with clock.at(clock.start_of_day(clock.days_after(run.ends, 15))):
        for number, statement in enumerate(some):
            way = ways[number] if number < len(ways) else "transfer"
            pay_statement(
                statement=statement, by=finance, method=way,
                reference=f"BT-{statement.number}" if way == "transfer" else "",
                goods=goods if way == "goods" else "",
                account_checked="As in the partner master of the finance system" if way == "transfer" else "",
            )  # fmt: skip


def _confirm_credit_notes(run: SettlementRun, finance: Actor) -> None:
    """The finance system issued them a few days after the payment."""
    with clock.at(clock.start_of_day(clock.days_after(run.ends, 18))):
        notes = CreditNote.objects.visible_to(finance).filter(payment__statement__run=run)
        for number, note in enumerate(notes.order_by("pk"), start=1):
            confirm_credit_note(
                note=note, issued_on=clock.today(), reference=f"CN-{run.ends:%y%m}-{number:03}", by=finance
            )


kit.register_demo("rebates", fill, order=50)
