"""Chinese places at the start of a company name: which one it is, and its plain short spelling.

Reads `data/regions_cn.csv` once. "深圳市", "深圳" and "广东省深圳市" are the same place: 深圳.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "data" / "regions_cn.csv"
_ETHNIC = (
    "(?:(?:蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|高山|拉祜|水|东乡|纳西|景颇"
    "|柯尔克孜|土|达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|阿昌|普米|塔吉克|怒|乌孜别克|鄂温克|德昂|保安|裕固|独龙|门巴)族?)*"
)
_SUFFIX = re.compile(rf"(?:特别行政区|{_ETHNIC}自治[区州县旗]|省|市|地区|盟)$")
_LEVEL = {"province": 0, "city": 1, "district": 2}
# Bare words that are far more often the beginning of a brand than a place.
_BRAND_LIKE = frozenset(
    [
        "东方",
        "和平",
        "新兴",
        "平安",
        "永安",
        "长乐",
        "长安",
        "新华",
        "兴安",
        "大安",
        "大通",
        "高安",
        "广安",
        "安康",
        "吉安",
        "海安",
        "瑞安",
        "宝应",
    ]
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place as it stands in a name: `short` without 省/市, the `province` (short) it lies in."""

    short: str
    province: str
    level: int


def plain(name: str) -> str:
    """ "深圳市" → "深圳"; names that would shrink to one character stay whole."""
    short = _SUFFIX.sub("", name)
    return short if len(short) >= 2 else name


@cache
def places() -> dict[str, Place]:
    """Every spelling of a place that may open a name."""
    found: dict[str, Place] = {}
    with FILE.open(encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: _LEVEL[row["level"]])
    for row in rows:
        level, name = _LEVEL[row["level"]], row["name"]
        place = Place(short=plain(name), province=plain(row["province"]), level=level)
        found.setdefault(name, place)
        bare = place.short
        if level < 2 or name.endswith("市"):
            if bare not in _BRAND_LIKE or level < 1:
                found.setdefault(bare, place)
            found.setdefault(bare + "市", place)
    found.update({bare + "省": place for bare, place in found.items() if place.level == 0 and len(bare) <= 3})
    return found


@cache
def _longest() -> int:
    return max(map(len, places()))


def leading_place(text: str) -> tuple[Place | None, int]:
    """The place at the start of `text` and how many characters it takes; (None, 0) without one."""
    known = places()
    for length in range(min(_longest(), len(text) - 1), 1, -1):
        place = known.get(text[:length])
        if place:
            return place, length
    return None, 0


def split_places(text: str) -> tuple[list[Place], str]:
    """Takes the places off the start: at most province, city and district, each inside the one before."""
    taken: list[Place] = []
    while len(taken) < 3:
        place, length = leading_place(text)
        if not place or len(text) - length < 2:
            break
        if taken and (place.level <= taken[-1].level or place.province != taken[-1].province):
            break
        taken.append(place)
        text = text[length:]
    return taken, text


@cache
def latin_places() -> dict[str, str]:
    """The spelling in Latin letters of provinces and cities: {"shenzhen": "深圳"}."""
    from pypinyin import lazy_pinyin

    known = {"".join(lazy_pinyin(p.short)): p.short for p in places().values() if p.level == 1}
    known |= {"".join(lazy_pinyin(p.short)): p.short for p in places().values() if p.level == 0}
    known |= {
        "shaanxi": "陕西", "hongkong": "香港", "macau": "澳门", "macao": "澳门", "taiwan": "台湾", "taipei": "台北",
        "tibet": "西藏", "xizang": "西藏", "xinjiang": "新疆", "innermongolia": "内蒙古", "chongqing": "重庆",
        "guangxi": "广西", "ningxia": "宁夏", "haerbin": "哈尔滨", "harbin": "哈尔滨", "urumqi": "乌鲁木齐",
        "lhasa": "拉萨", "xiamen": "厦门", "hohhot": "呼和浩特",
    }  # fmt: skip
    return known


@cache
def place_in_latin(short: str) -> str:
    """ "深圳" → "shenzhen"; empty when unknown."""
    return next((latin for latin, name in reversed(latin_places().items()) if name == short), "")


@cache
def province_of(short: str) -> str:
    """The province that a city lies in (itself for a province); empty when unknown."""
    place = places().get(short)
    return place.province if place else ""
