"""A partner's page of programmes: what it takes part in, in the policy's own words, and never another partner."""

from __future__ import annotations

from datetime import date

import pytest

from prm.values import clock
from rebates import in_force, wording
from rebates.services import sign_version
from rebates.signing import digest_of, text_of
from tests.factories.partners import TierFactory
from tests.rebates.world import apply, policy, sell

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "10%"}


def codes(actor) -> list[str]:
    return [one.version.programme.code for one in in_force.programmes_of(actor)]


def test_only_programmes_that_fit_the_partner_as_it_is_today(acme, rival):
    TierFactory(code="platinum")
    apply(
        policy("all", mechanism=FLAT),
        policy("mine", mechanism=FLAT, who={"partners": [acme.row.number]}),
        policy("theirs", mechanism=FLAT, who={"partners": [rival.row.number]}),
        policy("type", mechanism=FLAT, who={"types": [acme.row.type]}),
        policy("higher", mechanism=FLAT, who={"tiers": ["platinum"]}),
        policy("over", mechanism=FLAT, until="2026-01-31"),
    )
    assert codes(acme.admin) == ["all", "mine", "type"]
    assert "theirs" in codes(rival.admin) and "mine" not in codes(rival.admin)


def test_each_says_what_it_pays_its_days_its_clause_and_where_the_partner_stands(acme, rival, browse):
    today = clock.today()
    (version,) = apply(policy("core", mechanism=FLAT, clause="4.2"))
    sell(acme, 1_000, today.isoformat())
    sell(rival, 77_777, today.isoformat())
    (one,) = in_force.programmes_of(acme.admin)
    assert one.gist == wording.gist(version) and wording.sentence(version).startswith(one.gist)
    (accrual,) = one.progress
    page = browse(acme.admin).get("/rebates/programmes/").content.decode()
    assert "Clause 4.2" in page and "from 1 Jan" in page and one.gist in page
    assert f'href="{accrual.get_absolute_url()}"' in page and "¥100.00" in page
    assert rival.row.name not in page and "7,777" not in page
    assert 'href="/rebates/programmes/"' in browse(acme.admin).get("/rebates/").content.decode()


def test_a_version_that_wants_a_signature_says_whether_there_is_one(acme, rival, browse):
    (version,) = apply(policy("core", mechanism=FLAT, sign_off="wanted"))
    address = f"/rebates/agreements/{version.programme.code}/{version.number}/"
    page = browse(acme.admin).get("/rebates/programmes/").content.decode()
    assert "Not signed" in page
    sign_version(version=version, digest=digest_of(text_of(version)), by=rival.admin)
    assert "Not signed" in browse(acme.admin).get("/rebates/programmes/").content.decode()
    sign_version(version=version, digest=digest_of(text_of(version)), by=acme.admin)
    page = browse(acme.admin).get("/rebates/programmes/").content.decode()
    assert "Not signed" not in page and "Signed" in page and address in page


def test_what_is_to_come_is_said_to_come(acme, browse):
    first = date(clock.today().year + 1, 1, 1)
    apply(policy("next", mechanism=FLAT, from_=first.isoformat()))
    (one,) = in_force.programmes_of(acme.admin)
    assert one.is_to_come and one.progress == []
    page = browse(acme.admin).get("/rebates/programmes/").content.decode()
    assert "To come" in page and "Not in force yet." in page


def test_staff_are_led_to_all_programmes(finance, browse):
    assert browse(finance).get("/rebates/programmes/")["Location"] == "/programmes/"


def test_a_partner_without_any_is_told_so(acme, browse):
    assert "No programme today" in browse(acme.sales).get("/rebates/programmes/").content.decode()
