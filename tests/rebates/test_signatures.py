"""Partners sign the versions that want it: who is asked, what is kept, what waits for it, who is reminded."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from prm.audit.models import AuditEntry
from prm.notices.models import Notice
from prm.notices.work import waiting_for
from prm.outbox.services import deliver_open_events
from prm.values import clock
from prm.values.errors import NotAllowed
from rebates import signing, wording
from rebates.accruals import accruals
from rebates.errors_of_signatures import (
    DeclineReasonMissing,
    NotAskedToSign,
    SignedAlready,
    TextChangedMeanwhile,
)
from rebates.models import Signature, Statement, Version
from rebates.paper import agreement_text
from rebates.programme_form import initial_of, is_editable
from rebates.services import decline_version, remind_of_signatures, sign_version
from rebates.signature_listeners import remind_of_signatures as remind_daily
from tests.factories.partners import PartnerFactory
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, apply, policy, results, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "10%"}


def wanted(**entries):
    (version,) = apply(policy(mechanism=FLAT, **({"sign_off": "wanted"} | entries)))
    return version


def sign(version, company):
    return sign_version(version=version, digest=signing.digest_of(signing.text_of(version)), by=company.admin)


def decline(version, company, reason="The target is too high"):
    digest = signing.digest_of(signing.text_of(version))
    return decline_version(version=version, digest=digest, reason=reason, by=company.admin)


def told(kind: str) -> list[int]:
    while deliver_open_events():
        pass
    return sorted(Notice.objects.filter(kind=f"rebates.{kind}").values_list("user_id", flat=True))


def states(version, by=BY) -> dict[str, str]:
    return {one.partner.name: one.state for one in signing.standings(version, by=by)}


def test_a_signature_keeps_who_when_from_where_and_the_text(acme, rival):
    version = wanted()
    signature = sign_version(
        version=version, digest=signing.digest_of(signing.text_of(version)),
        by=acme.admin.with_(address="203.0.113.7"),
    )  # fmt: skip
    assert (signature.partner, signature.address, signature.by_id) == (
        acme.row,
        "203.0.113.7",
        acme.admin_user.pk,
    )
    assert signing.digest_of(signature.text) == signature.digest
    assert wording.sentence(version) in signature.text and "rate: '0.1'" in signature.text
    assert states(version) == {"Rival Systems": "open", "ACME Networks": "signed"}
    assert AuditEntry.objects.of(signature).filter(verb="signed").count() == 1


def test_who_declined_says_why_and_may_sign_later(acme, finance):
    version = wanted()
    with pytest.raises(DeclineReasonMissing):
        decline(version, acme, " ")
    decline(version, acme)
    assert states(version) == {"ACME Networks": "declined"}
    assert told("sign_declined") == [finance.user_id]
    sign(version, acme)
    assert states(version) == {"ACME Networks": "signed"}
    with pytest.raises(SignedAlready):
        decline(version, acme)


def test_only_those_whom_the_version_addresses_are_asked(acme, rival):
    version = wanted(who={"tiers": ["gold"]})
    gone = PartnerFactory(name="Suspended Ltd", tier="gold", status="suspended")
    assert states(version) == {"ACME Networks": "open"}
    with pytest.raises(NotAskedToSign):
        sign(version, rival)
    with pytest.raises(NotAllowed):
        sign_version(version=version, digest="?", by=acme.sales)
    assert gone.pk not in [one.partner.pk for one in signing.standings(version, by=BY)]


def test_another_text_than_the_one_that_was_read_is_not_signed(acme):
    version = wanted()
    with pytest.raises(TextChangedMeanwhile):
        sign_version(version=version, digest=signing.digest_of("another"), by=acme.admin)


def test_what_was_signed_is_never_changed(acme):
    signature = sign(wanted(), acme)
    rows = Signature.objects.for_everyone(because="a test").filter(pk=signature.pk)
    for change in (lambda: rows.update(text="Less"), lambda: rows.delete()):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()


def test_where_the_policy_waits_nothing_accrues_before_the_signature(acme, rival):
    version = wanted(sign_off="before_accrual")
    for company in (acme, rival):
        sell(company, 10_000, "2026-09-10")
        sell(company, 10_000, clock.today().isoformat())
    sign(version, acme)
    live = {
        one.partner_id: one.amount
        for one in accruals(by=BY)
        if one.period.start <= clock.today() < one.period.end
    }
    assert live == {acme.row.pk: Decimal("1000.00"), rival.row.pk: Decimal("0.00")}
    run = settle("2026-09")
    assert {row.partner.name: row.earned for row in results(run)} == {
        "ACME Networks": Decimal("1000.00"),
        "Rival Systems": Decimal("0.00"),
    }
    assert "signed" in wording.sentence(version)


def test_where_it_does_not_wait_it_accrues_all_the_same(acme):
    wanted()
    sell(acme, 10_000)
    assert [row.earned for row in results(settle("2026-09"))] == [Decimal("1000.00")]


def test_the_verifier_agrees_about_signed_and_unsigned(acme, rival, tmp_path):
    version = wanted(sign_off="before_accrual")
    sell(acme, 10_000)
    sell(rival, 20_000)
    sign(version, acme)
    run = settle("2026-09")
    for statement in Statement.objects.for_everyone(because="a test").filter(run=run):
        answer = verify(unpacked(statement, tmp_path / statement.number))
        assert answer.returncode == 0, answer.stdout


def test_a_late_signature_changes_no_closed_period(acme):
    version = wanted(sign_off="before_accrual")
    sell(acme, 10_000, "2026-08-10")
    settle("2026-08")
    sign(version, acme)
    sell(acme, 1_000, "2026-08-20")
    sell(acme, 1_000, "2026-09-10")
    found = {(row.kind, row.amount) for row in results(settle("2026-09"))}
    assert ("earned", Decimal("100.00")) in found
    assert sum(amount for kind, amount in found if kind == "adjusted") == 0


def test_an_amendment_is_signed_again(acme):
    first = wanted()
    sign(first, acme)
    (second,) = [
        version
        for version in apply(
            policy(mechanism={"kind": "flat", "rate": "12%"}, sign_off="wanted", from_="2027-01-01")
        )
        if version.number == 2
    ]
    assert (states(first), states(second)) == ({"ACME Networks": "signed"}, {"ACME Networks": "open"})


def test_administrators_are_asked_at_once_and_reminded_each_week(acme, finance):
    version = wanted()
    assert told("sign_wanted") == [acme.admin_user.pk]
    assert [work.link for work in waiting_for(acme.admin) if "agreements" in work.link] != []
    for days, notices in ((3, 1), (8, 2), (9, 2), (15, 3)):
        with clock.at(version.published_at + timedelta(days=days)):
            remind_daily()
        assert len(told("sign_wanted")) == notices
    assert remind_of_signatures(version=version, by=finance) == 1
    assert len(told("sign_wanted")) == 4
    sign(version, acme)
    with clock.at(version.published_at + timedelta(days=30)):
        remind_daily()
    assert len(told("sign_wanted")) == 4
    assert told("sign_signed") == [finance.user_id]
    assert [work.link for work in waiting_for(acme.admin) if "agreements" in work.link] == []


def test_it_is_read_and_signed_in_the_browser(acme, rival, finance, browse):
    version = wanted(who={"tiers": ["gold"]}, until="2026-12-31")
    place = f"/rebates/agreements/core/{version.number}/"
    client = browse(acme.admin)
    assert place in client.get("/rebates/agreements/").content.decode()
    page = client.get(place).content.decode()
    digest = signing.digest_of(signing.text_of(version))
    assert digest in page and wording.sentence(version).split(".")[0] in page
    assert "to 31 Dec 2026" in page
    assert "This is missing" in client.post(place, {"digest": digest}).content.decode()
    page = client.post(place, {"digest": digest, "read": "on"}, follow=True).content.decode()
    assert "Signed by ACME Networks Boss" in page
    listed = browse(finance).get(f"/programmes/core/signatures/?version={version.number}").content.decode()
    assert "ACME Networks Boss" in listed and digest[:16] in listed
    assert browse(rival.admin).get(place).status_code == 404
    assert "An administrator of your company" not in browse(acme.sales).get(place).content.decode()


def test_it_is_declined_in_the_browser(acme, browse, finance):
    version = wanted()
    place = f"/rebates/agreements/core/{version.number}/"
    page = browse(acme.admin).post(f"{place}decline/", {"reason": "Too high"}, follow=True).content.decode()
    assert "Declined by ACME Networks Boss" in page and "Too high" in page
    page = browse(finance).get("/programmes/core/").content.decode()
    assert "/programmes/core/signatures/" in page
    assert browse(finance).post("/programmes/core/signatures/remind/").status_code == 302


def test_the_editor_knows_the_choice(acme):
    version = wanted(sign_off="before_accrual")
    assert initial_of(version)["sign_off"] == "before_accrual" and is_editable(version.policy)


def test_what_a_company_signed_it_can_read_when_the_version_is_over(acme, rival, browse):
    version = wanted()
    sign(version, acme)
    Version.objects.filter(pk=version.pk).update(ends=clock.today())
    page = reverse("rebates:agreement_sign", args=[version.programme.code, version.number])
    assert browse(acme.admin).get(page).status_code == 200
    assert browse(rival.admin).get(page).status_code == 404


def test_the_paper_shows_who_signed_when_and_which_text(acme, rival, rf, tenant):
    version = wanted()
    signature = sign_version(
        version=version, digest=signing.digest_of(signing.text_of(version)),
        by=acme.admin.with_(address="203.0.113.7"),
    )  # fmt: skip
    request = rf.get("/")
    request.actor, request.tenant = acme.admin, tenant
    signed, unsigned = agreement_text(version, request, signature), agreement_text(version, request)
    assert "who: all partners" in unsigned
    assert (
        "It is not the file from which a programme can be made; that is YAML on the programme's page."
        in unsigned
    )
    assert f"Signed by {signature.signer} on" in signed and "203.0.113.7" in signed
    assert signature.digest in signed and acme.row.name in signed and "not word for word" not in signed
    assert "name, date, signature" in unsigned and "name, date, signature" not in signed
    version.programme.name_zh = version.name_zh = "另一个名称"
    assert "not word for word" in agreement_text(version, request, signature)
