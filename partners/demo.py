"""The demo's partners and people, made through the product's own services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password

from partners import demo_changes, services
from partners.models import Partner, Tier
from prm.access.roles import Role
from prm.access.scope import actor_for
from prm.accounts.demo import PASSWORD, PEOPLE
from prm.accounts.models import User
from prm.starter import kit
from prm.values import clock
from prm.values.actor import Actor

# Name, type, region, index of the parent. The order is that of the sales file: bigger sellers come first.
COMPANIES = (
    ("蓝桥生活 Lanqiao Living", "reseller", "上海", None), ("和信家居 Hexin Home", "reseller", "杭州", None),
    ("金陵商贸 Jinling Trading", "distributor", "南京", None), ("苏州可创 Suzhou Kechuang", "reseller", "苏州", None),
    ("海岳分销 Haiyue Distribution", "distributor", "广州", None), ("粤和 Yuehe Supply", "distributor", "深圳", None),
    ("芜湖大同 Wuhu Datong", "reseller", "芜湖", 2), ("北辰集成 Beichen Integration", "integrator", "北京", None),
    ("西湖礼品 Xihu Gifts", "reseller", "杭州", 1), ("成都锦里 Chengdu Jinli", "reseller", "成都", None),
    ("渝味 Yuwei Goods", "reseller", "重庆", None), ("江海 Jianghai Agency", "agent", "南通", 2),
    ("滨海优品 Binhai Select", "reseller", "天津", None), ("长沙橘洲 Juzhou Living", "reseller", "长沙", 4),
    ("武汉江汉 Jianghan Home", "reseller", "武汉", None), ("厦门鹭岛 Ludao Trading", "reseller", "厦门", 4),
    ("青岛海风 Haifeng Supply", "reseller", "青岛", None), ("宁波港汇 Ganghui Goods", "reseller", "宁波", 1),
    ("合肥皖风 Wanfeng Living", "reseller", "合肥", 2), ("郑州中原 Zhongyuan Select", "reseller", "郑州", None),
    ("西安长安 Chang'an Gifts", "reseller", "西安", None), ("大连北良 Beiliang Trading", "reseller", "大连", None),
    ("昆明春城 Chuncheng Home", "reseller", "昆明", 9), ("福州榕和 Ronghe Living", "reseller", "福州", 4),
    ("济南泉城 Quancheng Goods", "reseller", "济南", None), ("无锡太湖 Taihu Select", "reseller", "无锡", 3),
    ("常州龙城 Longcheng Home", "reseller", "常州", 3), ("温州瓯越 Ouyue Trading", "reseller", "温州", 1),
    ("佛山岭南 Lingnan Living", "reseller", "佛山", 5), ("东莞莞香 Guanxiang Gifts", "reseller", "东莞", 5),
    ("珠海横琴 Hengqin Supply", "reseller", "珠海", 5), ("南昌赣江 Ganjiang Home", "reseller", "南昌", None),
    ("贵阳筑城 Zhucheng Goods", "reseller", "贵阳", 9), ("太原晋商 Jinshang Trading", "reseller", "太原", 7),
    ("沈阳盛京 Shengjing Living", "reseller", "沈阳", 7), ("长春北国 Beiguo Select", "reseller", "长春", 7),
    ("哈尔滨冰城 Bingcheng Gifts", "reseller", "哈尔滨", 7), ("石家庄燕赵 Yanzhao Home", "reseller", "石家庄", 7),
    ("兰州金城 Jincheng Supply", "agent", "兰州", None), ("海口椰城 Yecheng Goods", "referral", "海口", None),
)  # fmt: skip
TIERS = (("gold", 8), ("silver", 22), ("bronze", 40))
# Net sales of the last four quarters: to enter, to stay.
CRITERIA = (("gold", "300000.00", "240000.00"), ("silver", "80000.00", "50000.00"))
NAMES = {
    "administrator": "Ada Meng",
    "channel-manager": "Lin Yue",
    "finance": "He Min",
    "controller": "Qin Lan",  # an approver of a settlement and its payer are two people
    "partner-admin": "Zhou Wen",
    "partner-sales": "Xu Peng",
    "agent": "Jiang Hai",
    "rival-sales": "Tang Jie",
}
SIZES = {"full": 40, "small": 12}


def fill(*, tenant: Any, size: str, say: Callable[[str], None]) -> None:
    """Partners with tiers, contacts, managers and the people of the sign-in buttons."""
    by = Actor.command("demo")
    say("partners and people")
    _criteria(by)
    people = {key: _person(key, name) for key, name in NAMES.items()}
    second = _user("manager2@demo.example", "Chen Rui", Role.CHANNEL_MANAGER)
    partners = []
    for index in range(SIZES[size]):
        with clock.at(clock.now() - timedelta(days=640 - 9 * index)):
            partners.append(_partner(index, by))
    with clock.at(clock.now() - timedelta(days=280)):
        _people_of(partners, people, second, by)
    with clock.at(clock.now() - timedelta(days=37)):
        _some_history(partners, by)
    services.assign_manager(partner=partners[6], user=second, by=by)  # who decides where the other one asks
    asked_by = actor_for(people["channel-manager"])
    demo_changes.fill(partners[5:8], partners[2], asked_by=asked_by, by=by)


def _criteria(by: Actor) -> None:
    """What the demo's partners read about the next tier, and what its review proposes."""
    for code, entry, renewal in CRITERIA:
        services.set_criteria(
            tier=Tier.objects.get(code=code), entry=_net_sales(entry), renewal=_net_sales(renewal), by=by
        )


def _net_sales(low: str) -> dict[str, Any]:
    return {
        "measure": "orders.net_sales", "period": {"last": 4, "unit": "quarter"}, "op": "at_least", "value": low
    }  # fmt: skip


def _people_of(partners: list[Partner], people: dict[str, User], second: User, by: Actor) -> None:
    """Who looks after which partner, and who signs in for it."""
    for index, partner in enumerate(partners):
        services.assign_manager(
            partner=partner,
            user=people["channel-manager"] if index < len(partners) * 3 // 4 else second,
            by=by,
        )
    services.add_member(partner=partners[0], user=people["partner-admin"], by=by)
    services.add_member(partner=partners[0], user=people["partner-sales"], by=by)
    services.add_member(partner=partners[1], user=people["rival-sales"], by=by)
    agent = next(partner for partner in partners if partner.type == Partner.Type.AGENT)
    services.add_member(partner=agent, user=people["agent"], by=by)
    for index, partner in enumerate(partners[1:9], start=1):
        buyer = _user(f"sales{index}@demo.example", CONTACTS[index % len(CONTACTS)], Role.PARTNER_SALES)
        services.add_member(partner=partner, user=buyer, by=by)


CONTACTS = (
    "Wang Lei", "Liu Yang", "Chen Jing", "Zhao Min", "Huang Wei", "Wu Xia", "Sun Hao", "Ma Li", "Zhu Ning", "Guo Tao",
)  # fmt: skip


def _person(key: str, name: str) -> User:
    known = next(person for person in PEOPLE if person.key == key)
    return _user(known.email, name, known.role)


def _user(email: str, name: str, role: str) -> User:
    user = User.objects.create_user(email, name=name, role=role)
    user.password = _hashed()
    user.save(update_fields=["password"])
    return user


@cache
def _hashed() -> str:
    """One hash for all: hashing is slow on purpose, and these passwords protect nothing."""
    return make_password(PASSWORD)


def _partner(index: int, by: Actor) -> Partner:
    name, kind, region, parent = COMPANIES[index]
    everyone = Partner.objects.for_everyone(because="the demo makes them all")
    above = (
        everyone.filter(name=COMPANIES[parent][0]).first() if parent is not None and parent < index else None
    )
    partner = services.create_partner(
        name=name, number=f"P-{1001 + index}", type=kind, region=region, parent=above, by=by
    )
    tier = next(code for code, last in TIERS if index < last)
    services.set_tier(partner=partner, tier=Tier.objects.get(code=tier), first_day=clock.today(), by=by)
    person = CONTACTS[index % len(CONTACTS)]
    services.save_contact(
        partner=partner,
        name=person,
        title="General manager" if index % 3 else "Sales director",
        email=f"{person.split()[0].lower()}@partner{1001 + index}.example",
        phone=f"021 5555 {1000 + 37 * index}",
        is_primary=True,
        by=by,
    )
    return partner


def _some_history(partners: list[Partner], by: Actor) -> None:
    """A promotion this year, a suspended partner and one that is still joining: what lists and filters show."""
    first = date(clock.today().year, 1, 1)
    gold, silver = Tier.objects.get(code="gold"), Tier.objects.get(code="silver")
    with clock.at(clock.start_of_day(first)):
        services.set_tier(
            partner=partners[9], tier=gold, first_day=first, reason="Requalified on last year's sales", by=by
        )
        if len(partners) < 40:
            return
        services.set_tier(partner=partners[24], tier=silver, first_day=first, reason="Requalified", by=by)
    services.change_status(
        partner=partners[38], status="suspended", reason="Invoices unpaid for more than 90 days", by=by
    )
    _joining(by)


def _joining(by: Actor) -> Any:
    for number, (name, status) in enumerate(
        (
            ("绍兴越风 Yuefeng Living", "onboarding"),
            ("嘉兴南湖 Nanhu Gifts", "screening"),
            ("泉州刺桐 Citong Trading", "applied"),
        )
    ):
        services.create_partner(name=name, number=f"P-{1101 + number}", status=status, region=name[:2], by=by)


kit.register_demo("partners", fill, order=10)
