"""What people write differently is one name; what makes two companies stays two."""

from __future__ import annotations

import csv
import gzip
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prm.customers.normalise import normalise

NAMES = (
    "深圳市盛弘电气股份有限公司",
    "上海华谊集团股份有限公司",
    "浙江聚力文化发展股份有限公司",
    "中国科学院过程工程研究所",
    "TCL科技集团股份有限公司",
    "Huawei Technologies Co., Ltd.",
    "Kühne + Nagel International AG",
    "Société Générale S.A.",
    "A.P. Møller - Mærsk A/S",
    "Hangzhou Xunda Logistics Co., Ltd.",
)
ALIKE = [
    ("深圳市盛弘电气股份有限公司", "深圳市盛弘電氣股份有限公司"),
    ("深圳市盛弘电气股份有限公司", "深圳市 盛弘　电气（股份有限公司）"),
    ("深圳市盛弘电气股份有限公司", "深圳盛弘电气有限公司"),
    ("深圳市盛弘电气股份有限公司", "深圳市盛弘电气有限责任公司。"),
    ("深圳市盛弘电气股份有限公司", "深圳市盛弘电气 Co., Ltd."),
    ("深圳市盛弘电气股份有限公司", "广东省深圳市盛弘电气股份有限公司"),
    ("金像電子(股)公司", "金像电子股份有限公司"),
    ("振业（集团）股份有限公司", "振业集团有限公司"),
    ("*ST摩登", "摩登"),
    ("成都大宏立机器股份有限公司武汉分公司", "成都大宏立机器有限公司武汉分公司"),
    ("ＨＵＡＷＥＩ　Technologies Co.,Ltd", "Huawei Technologies"),
    ("VVDN TECHNOLOGIES PVT. LTD.", "VVDN Technologies Pvt Ltd"),
    ("SCITEX CORP. LTD.", "SCITEX CORPORATION LTD."),
    ("Société Générale S.A.", "Societe Generale"),
    ("Radiometer Medical A/S", "Radiometer Medical ApS"),
    ("HIPODROMO DE AGUA CALIENTE SA CV", "HIPODROMO DE AGUA CALIENTE, S.A. DE C.V."),
    ("The Johnson & Johnson Company", "Johnson and Johnson"),
    ("&#22278;星科技股份有限公司", "圆星科技"),
]
APART = [
    ("深圳市盛弘电气股份有限公司", "合肥盛弘电气股份有限公司"),
    ("深圳市盛弘电气股份有限公司", "盛弘电气"),
    ("深圳市振业(集团)股份有限公司", "深圳市振业股份有限公司"),
    ("成都大宏立机器股份有限公司", "成都大宏立机器股份有限公司武汉分公司"),
    ("Aptiv (United States)", "Aptiv (Luxembourg)"),
    ("Barnes Group Inc.", "Barnes Inc."),
    ("XX电子公司", "XX公司"),
]


@pytest.mark.parametrize(("a", "b"), ALIKE)
def test_spellings_of_one_company_have_one_core(a, b):
    assert normalise(a).core == normalise(b).core


@pytest.mark.parametrize(("a", "b"), APART)
def test_two_companies_have_two_cores(a, b):
    assert normalise(a).core != normalise(b).core


def test_a_name_is_taken_apart():
    parts = normalise("深圳市振业(集团)股份有限公司")
    assert (parts.core, parts.brand, parts.region, parts.province) == ("深圳振业集团", "振业", "深圳", "广东")
    assert (parts.legal_form, parts.group, parts.unit, parts.script) == ("股份有限公司", True, "", "zh")
    branch = normalise("成都大宏立机器股份有限公司武汉分公司")
    assert (branch.unit, branch.region) == ("分公司", "成都")
    bracketed = normalise("盛弘电气(深圳)有限公司")
    assert (bracketed.brand, bracketed.region) == ("盛弘电气", "深圳")
    latin = normalise("Zhejiang Yaguang Technology Co., Ltd")
    assert (latin.tokens, latin.region, latin.script) == (
        ("zhejiang", "yaguang", "technology"),
        "浙江",
        "latin",
    )


@pytest.mark.parametrize("text", ["", "   ", "。，！", "有限公司", "Co., Ltd.", "🙂", "\x00", "a" * 5000])
def test_any_text_is_taken(text):
    parts = normalise(text)
    assert normalise(parts.core).core == parts.core


@given(st.text(max_size=60))
def test_the_core_of_a_core_is_itself(text):
    core = normalise(text).core
    assert normalise(core).core == core


@given(
    st.text(
        alphabet="深圳市省县区上海北京集团控股股份有限责任公司分子银行大学广东科技aB12 .,&()（）Ltdco",
        max_size=24,
    )
)
def test_the_core_of_a_core_is_itself_for_what_looks_like_names(text):
    core = normalise(text).core
    assert normalise(core).core == core


def _full_width(name: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name)


@cache
def _to_traditional() -> Any:
    import opencc

    return opencc.OpenCC("s2t")


def _traditional(name: str) -> str:
    return _to_traditional().convert(name)


def _spaced(name: str) -> str:
    return "  ".join(name.split()) + " "


def _punctuated(name: str) -> str:
    return name.replace(" ", " - ") + "。"


DECORATIONS = {
    "full width": _full_width,
    "traditional": _traditional,
    "capitals": str.upper,
    "small letters": str.lower,
    "spaces": _spaced,
    "punctuation": _punctuated,
}


@given(st.sampled_from(NAMES), st.lists(st.sampled_from(sorted(DECORATIONS)), max_size=4))
def test_decoration_does_not_change_the_core(name, decorations):
    decorated = name
    for decoration in decorations:
        decorated = DECORATIONS[decoration](decorated)
    assume(decorated != name or not decorations)
    assert normalise(decorated).core == normalise(name).core


@given(st.sampled_from([name for name in NAMES if name.endswith("公司")]), st.integers(0, 12))
def test_a_space_anywhere_in_a_chinese_name_changes_nothing(name, place):
    spaced = name[:place] + " " + name[place:]
    assert normalise(spaced).core == normalise(name).core


def labelled_pairs() -> list[dict[str, str]]:
    path = Path(__file__).parents[2] / "benchmarks" / "data" / "name_pairs.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_no_labelled_pair_of_different_companies_has_one_core():
    same = [
        (row["a"], row["b"])
        for row in labelled_pairs()
        if row["same"] == "0" and normalise(row["a"]).core == normalise(row["b"]).core
    ]
    assert same == []


def test_every_labelled_traditional_name_has_the_core_of_its_simplified_one():
    rows = [row for row in labelled_pairs() if row["kind"] == "zh_traditional_vs_simplified"]
    assert len(rows) > 50
    assert [row for row in rows if normalise(row["a"]).core != normalise(row["b"]).core] == []
