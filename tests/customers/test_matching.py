"""Who could be meant: score, reasons and verdict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm.customers.evidence import likeness
from prm.customers.keys import lock_keys, search_keys, stored_keys
from prm.customers.matching import find_matches, whole_weights
from prm.customers.normalise import normalise

SHENGHONG = "深圳市盛弘电气股份有限公司"
USCC = "91440300708461136T"


def best(**typed):
    found = find_matches(**typed)
    return found[0] if found else None


def test_nobody_on_file_gives_no_match(db):
    assert find_matches(name=SHENGHONG) == []


def test_the_same_name_in_another_spelling_is_blocked(on_file):
    customer = on_file(SHENGHONG)
    match = best(name="深圳市 盛弘電氣 有限責任公司")
    assert (match.customer_id, match.verdict) == (customer.pk, "blocked")
    assert [reason.reason for reason in match.reasons] == ["same_core_name"]


def test_the_same_tax_number_is_blocked_whatever_the_name(on_file):
    customer = on_file(SHENGHONG, tax_number=USCC)
    match = best(name="Something Else Ltd", tax_number=USCC)
    assert (match.customer_id, match.verdict, match.score) == (customer.pk, "blocked", 90)


@pytest.mark.parametrize(
    ("on_record", "typed", "reason"),
    [
        (SHENGHONG, "盛弘电气", "same_name_without_place"),
        (SHENGHONG, "盛弘", "short_form"),
        (SHENGHONG, "盛弘股份", "short_form"),
        ("沪士电子股份有限公司", "沪电股份", "short_form"),
        ("中国电力建设股份有限公司", "中国电建", "short_form"),
        ("浙江亚光科技股份有限公司", "Zhejiang Yaguang Technology Co., Ltd.", "same_sound"),
        ("Southwest Airlines Co.", "SOUTHW. AIRL.", "similar_name"),
        ("Monster Beverage Corporation", "Monster Beverage", "same_core_name"),
        ("British Power International", "BPI", "acronym"),
        ("Telechips, Inc.", "Tele Chips Technology", "similar_name"),
        ("成都大宏立机器股份有限公司", "成都大宏立机器股份有限公司武汉分公司", "branch"),
        (SHENGHONG, "合肥盛弘电气股份有限公司", "same_name_other_place"),
    ],
)
def test_a_name_shows_who_could_be_meant(on_file, on_record, typed, reason):
    customer = on_file(on_record)
    on_file("杭州迅达物流有限公司")
    match = best(name=typed)
    assert (match.customer_id, match.reasons[0].reason) == (customer.pk, reason)
    assert match.verdict == ("blocked" if reason == "same_core_name" else "possible")


def test_the_other_way_round_finds_the_same(on_file):
    short = on_file("沪电股份")
    assert best(name="沪士电子股份有限公司").customer_id == short.pk


def test_another_tax_number_lifts_the_block(on_file):
    on_file(SHENGHONG, tax_number=USCC)
    match = best(name=SHENGHONG, tax_number="91110000600037341L")
    assert match.verdict == "possible"
    assert {"other_tax_number", "same_core_name"} == {reason.reason for reason in match.reasons}
    assert min(reason.weight for reason in match.reasons) < 0


def test_another_region_lifts_the_block(on_file):
    on_file("Apex Ltd", region="上海")
    assert best(name="Apex Ltd", region="北京").verdict == "possible"
    assert best(name="Apex Ltd", region="上海市").verdict == "blocked"


def test_the_same_domain_alone_is_possible_but_a_mail_host_is_nothing(on_file):
    on_file(SHENGHONG, domain="sinexcel.com", phone="0755 8651 1588")
    match = best(name="Otherwise Named GmbH", domain="sinexcel.com")
    assert (match.verdict, match.reasons[0].reason) == ("possible", "same_domain")
    on_file("Mailing Only Ltd", domain="qq.com")
    assert find_matches(name="Unheard Of Inc", domain="qq.com") == []


def test_evidence_lists_both_sides(on_file):
    on_file(SHENGHONG, tax_number=USCC, domain="sinexcel.com", region="深圳")
    match = best(name="盛弘电气", tax_number=USCC, domain="sinexcel.com", region="深圳市")
    told = {reason.field: (reason.reason, reason.a, reason.b) for reason in match.reasons}
    assert told["name"] == ("same_name_without_place", "盛弘电气", SHENGHONG)
    assert told["tax_number"] == ("same_tax_number", USCC, USCC)
    assert told["region"] == ("same_region", "深圳", "深圳")
    assert match.score == sum(reason.weight for reason in match.reasons) == 100


def test_a_merged_customer_is_found_under_its_old_name(on_file, manager):
    from prm.customers.services import merge_customers

    short, full = on_file("盛弘"), on_file(SHENGHONG)
    merge_customers(customer=short, into=full, by=manager)
    match = best(name="盛弘")
    assert (match.customer_id, match.number, match.verdict) == (full.pk, full.number, "blocked")


def test_at_most_five_best_first_each_customer_once(on_file):
    for place in ("北京", "上海", "广州", "成都", "武汉", "南京", "杭州"):
        on_file(f"{place}盛弘电气有限公司")
    found = find_matches(name="上海盛弘电气")
    assert len(found) == 5
    assert found[0].verdict == "blocked"
    assert [match.score for match in found] == sorted((match.score for match in found), reverse=True)


def test_a_search_makes_two_queries_however_many_names(on_file):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from prm.customers.matching import asked, find_many

    on_file(SHENGHONG)
    questions = [asked(name=name) for name in (SHENGHONG, "盛弘", "Apex Ltd", "")]
    with CaptureQueriesContext(connection) as queries:
        found = find_many(questions)
    assert len([query for query in queries if not query["sql"].startswith("SET ")]) == 2
    assert [bool(matches) for matches in found] == [True, True, False, False]


def test_common_keys_alone_still_find_the_customer(on_file):
    from prm.customers.bulk import import_customers
    from prm.values.actor import Actor

    rows = [
        {"number": f"T-{i}", "name": f"{chr(0x4E00 + i)}{chr(0x5E00 + i)}科技发展有限公司"}
        for i in range(700)
    ]
    rows.append({"number": "T-X", "name": "科技发展有限公司"})
    assert import_customers(rows=rows, by=Actor.command("tests")) == 701
    assert best(name="科技发展").number == "T-X"


WORDS = st.sampled_from(
    "盛弘 电气 科技 深圳 上海 集团 Apex Systems Group Ltd 股份有限公司 分公司 intl Zhejiang 大学 3M".split()
)
MADE = st.lists(WORDS, min_size=1, max_size=6).map(" ".join) | st.text(max_size=20)


@given(MADE, MADE)
def test_likeness_does_not_depend_on_who_asks(a, b):
    there, back = likeness(normalise(a), normalise(b)), likeness(normalise(b), normalise(a))
    assert there.points == pytest.approx(back.points)


@given(MADE, MADE)
def test_only_the_same_core_reaches_the_points_that_block(a, b):
    found = likeness(normalise(a), normalise(b))
    assert (found.reason == "same_core_name") == (found.points >= 70)


@given(MADE)
def test_a_name_finds_what_is_filed_under_it(name):
    parts = normalise(name)
    wanted = search_keys(parts)
    if parts.core:
        assert set(wanted.exact) & set(stored_keys(parts))


@given(MADE, MADE)
def test_names_of_one_core_wait_for_each_other(a, b):
    first, second = normalise(a), normalise(b)
    if first.core == second.core:
        assert set(lock_keys(first)) & set(lock_keys(second))


@given(st.lists(st.floats(-40, 90, allow_nan=False), max_size=6))
def test_whole_weights_add_up_and_stay_in_bounds(points):
    weights = whole_weights(points)
    assert 0 <= sum(weights) <= 100
    assert abs(sum(weights) - min(100, max(0, sum(points)))) <= 0.5 + 1e-6
