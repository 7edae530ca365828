"""Changes of a partner that need an approval: asked for, shown, written at once when approved, or never."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from partners import services
from partners.errors import ChangeOfAnother, ChangeStale, ChangeWaits, TaxNumberTaken, TransitionForbidden
from partners.models import Partner, PartnerChange
from partners.querysets import managers_of
from prm.approvals import services as approvals
from prm.approvals.errors import MayNotDecide
from prm.approvals.models import ApprovalRun
from prm.audit.models import AuditEntry
from prm.conditions import narrow
from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from prm.spreadsheets import services as imports
from prm.spreadsheets.reasons import why
from prm.spreadsheets.registry import RowRefused
from prm.spreadsheets.staging import Staged
from prm.spreadsheets.whole import import_file
from prm.ui.said import shown
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.approvals.flows import ADMINS, MANAGER, approver, publish, task_of, waits_for
from tests.factories.partners import TierFactory
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db
TAX = "91330109MA2H4K7Q3Q"


def fresh(company) -> Partner:
    return Partner.objects.for_everyone(because="a test").get(pk=company.row.pk)


def pending(company) -> list[PartnerChange]:
    rows = PartnerChange.objects.for_everyone(because="a test").open()
    return list(rows.filter(partner=company.row, state="pending"))


def asked(company) -> PartnerChange:
    (change,) = pending(company)
    return change


def when(field: str, value: object = True) -> dict:
    """A flow in which administrators decide where `field` is so, and nobody is asked otherwise."""
    return {
        "id": "which", "kind": "branch",
        "branches": [
            {"id": "asked", "when": {"field": field, "op": "is", "value": value}, "steps": [approver("boss", ADMINS)]},
            {"id": "rest", "steps": []},
        ],
    }  # fmt: skip


def test_with_the_starter_kit_only_a_new_name_or_tax_number_is_asked_for(acme, manager, administrator):
    services.update_partner(partner=acme.row, region="Hangzhou", by=manager)
    services.change_status(partner=acme.row, status="suspended", reason="Paperwork", by=manager)
    assert (fresh(acme).region, fresh(acme).status, pending(acme)) == ("Hangzhou", "suspended", [])
    assert not ApprovalRun.objects.for_everyone(because="a test").filter(subject="partner_change").exists()
    services.update_partner(partner=acme.row, name="ACME Holdings", phone="021 5555", by=manager)
    partner = fresh(acme)
    assert (partner.name, partner.phone) == ("ACME Networks", "")
    assert asked(acme).changes == {"name": ["ACME Networks", "ACME Holdings"], "phone": ["", "021 5555"]}
    assert waits_for(asked(acme)) == {"Ada Admin"}


def test_an_administrator_and_the_products_own_work_change_it_at_once(acme, rival, administrator):
    services.update_partner(partner=acme.row, name="ACME Holdings", by=administrator)
    services.update_partner(partner=rival.row, tax_number=TAX, by=Actor.command("import"))
    assert (fresh(acme).name, fresh(rival).tax_number, pending(acme)) == ("ACME Holdings", TAX, [])


def test_approved_it_is_written_by_whoever_decided_and_both_names_stay(acme, manager, administrator):
    services.update_partner(partner=acme.row, name="ACME Holdings", reason="Merged", by=manager)
    change = asked(acme)
    deliver_open_events()
    approvals.approve(task=task_of(change, administrator), by=administrator)
    change.refresh_from_db()
    assert (fresh(acme).name, change.state) == ("ACME Holdings", "applied")
    entries = AuditEntry.objects.of(acme.row)
    assert entries.get(verb="change_asked").user_id == manager.user_id
    edited = entries.get(verb="edited")
    assert (edited.user_id, edited.changes, edited.reason) == (
        administrator.user_id, {"name": ["ACME Networks", "ACME Holdings"]}, "Merged",
    )  # fmt: skip
    deliver_open_events()
    for reader, kind in ((administrator, "approvals.task"), (manager, "approvals.approved")):
        told = Notice.objects.get(user_id=reader.user_id, kind=kind)
        assert shown(told.values["what"]) == "Partner change (name: ACME Networks → ACME Holdings)"


def test_a_change_that_the_partner_has_left_behind_is_refused_with_words(acme, manager, administrator):
    services.update_partner(partner=acme.row, name="ACME Holdings", by=manager)
    services.update_partner(partner=acme.row, name="ACME Group", by=administrator)
    change = asked(acme)
    with pytest.raises(ChangeStale, match="ACME Group was changed since this was asked for: name"):
        approvals.approve(task=task_of(change, administrator), by=administrator)
    approvals.reject(task=task_of(change, administrator), by=administrator, text="Renamed otherwise")
    change.refresh_from_db()
    assert (fresh(acme).name, change.state) == ("ACME Group", "rejected")


def test_another_field_changed_meanwhile_does_not_matter(acme, manager, administrator):
    services.update_partner(partner=acme.row, name="ACME Holdings", by=manager)
    services.update_partner(partner=acme.row, region="Suzhou", by=manager)
    approvals.approve(task=task_of(asked(acme), administrator), by=administrator)
    assert (fresh(acme).name, fresh(acme).region) == ("ACME Holdings", "Suzhou")


def test_what_a_rule_refuses_is_refused_at_once_and_asks_nobody(acme, rival, manager, administrator):
    services.update_partner(partner=rival.row, tax_number=TAX, by=administrator)
    with pytest.raises(TaxNumberTaken):
        services.update_partner(partner=acme.row, tax_number=TAX, by=manager)
    publish(when("changes_status"), subject="partner_change")
    with pytest.raises(TransitionForbidden):
        services.change_status(partner=acme.row, status="applied", reason="No", by=manager)
    assert pending(acme) == []


def test_one_change_of_a_kind_waits_at_a_time(acme, manager, administrator):
    services.update_partner(partner=acme.row, name="ACME Holdings", by=manager)
    with pytest.raises(ChangeWaits, match="Company data"):
        services.update_partner(partner=acme.row, tax_number=TAX, by=manager)


def test_withdrawn_by_whoever_asked_or_an_administrator(acme, manager, administrator):
    services.update_partner(partner=acme.row, name="ACME Holdings", by=manager)
    change = asked(acme)
    with pytest.raises(ChangeOfAnother):
        services.withdraw_change(change=change, by=actor(UserFactory(manager=True, name="Wu Jie")))
    with pytest.raises(NotAllowed):
        services.withdraw_change(change=change, by=acme.admin)
    services.withdraw_change(change=change, by=manager)
    assert (pending(acme), waits_for(change), fresh(acme).name) == ([], set(), "ACME Networks")


def test_a_tier_a_state_and_a_channel_manager_can_need_approval_too(acme, manager, administrator):
    publish(approver("boss", ADMINS), subject="partner_change")
    second = actor(UserFactory(administrator=True, name="Bo Boss"))
    platinum, person = TierFactory(code="platinum"), UserFactory(role="channel_manager", name="Chen Rui")
    services.set_tier(partner=acme.row, tier=platinum, first_day=clock.today(), by=manager)
    services.change_status(partner=acme.row, status="suspended", reason="Pays late", by=manager)
    services.assign_manager(partner=acme.row, user=person, by=administrator)
    assert [change.kind for change in pending(acme)] == ["tier", "status", "manager"]
    assert fresh(acme).status == "active" and person not in managers_of(acme.row)
    for change in pending(acme):
        approvals.approve(task=task_of(change, second), by=second)
    assert (fresh(acme).status, fresh(acme).status_reason) == ("suspended", "Pays late")
    assert person in managers_of(acme.row)
    tiers = Partner.objects.for_everyone(because="a test").with_tier(clock.today())
    assert tiers.get(pk=acme.row.pk).tier_code == "platinum"


def test_a_condition_over_the_new_tier_and_over_the_partner(acme, rival, manager, administrator):
    platinum = TierFactory(code="platinum")
    publish(when("new_tier", "platinum"), subject="partner_change")
    services.set_tier(partner=acme.row, tier=platinum, first_day=clock.today(), by=manager)
    assert asked(acme).kind == "tier"
    publish(when("partner.tier", "silver"), subject="partner_change")
    for company in (acme, rival):
        services.update_partner(partner=company.row, region="Wuxi", by=manager)
    assert (fresh(acme).region, fresh(rival).region) == ("Wuxi", "")


def test_conditions_find_in_sql_what_they_find_in_one_change(acme, manager, administrator):
    services.update_partner(partner=acme.row, name="ACME Holdings", by=manager)
    rows = PartnerChange.objects.for_everyone(because="a test")
    for field, value, expected in (
        ("changes_name", True, 1), ("changes_name", False, 0), ("changes_tax_number", False, 1),
        ("changes_own_field", True, 0), ("asked_by_role", "channel_manager", 1), ("kind", "tier", 0),
    ):  # fmt: skip
        condition = {"field": field, "op": "is", "value": value}
        assert narrow(rows, condition, "partner_change").count() == expected, field


def test_whoever_asked_does_not_decide_and_cannot_take_it_over(acme, manager, administrator):
    publish(approver("boss", ADMINS), subject="partner_change")
    services.update_partner(partner=acme.row, region="Wuxi", by=administrator)
    change = asked(acme)
    assert waits_for(change) == {
        "Lin Yue"
    }  # the only administrator asked: whoever else holds the right decides
    with pytest.raises(MayNotDecide):
        approvals.turn_for(subject="partner_change", obj=change, by=administrator)


def test_a_step_of_the_partners_channel_manager_and_a_flow_that_tells_is_a_case(acme, manager, administrator):
    publish(
        {"id": "told", "kind": "notice", "to": ADMINS, "text": "Changed", "text_zh": "已变更"},
        {"id": "yes", "kind": "decide", "when": {}, "outcome": "approve"}, subject="partner_change",
    )  # fmt: skip
    partner = services.update_partner(partner=acme.row, region="Wuxi", by=manager)
    assert (partner.region, partner.asked_change, pending(acme)) == ("Wuxi", None, [])
    deliver_open_events()
    assert Notice.objects.filter(user_id=administrator.user_id, kind="approvals.notice").count() == 1
    publish(approver("owner", MANAGER), subject="partner_change")
    owner = UserFactory(role="channel_manager", name="Chen Rui")
    services.assign_manager(partner=acme.row, user=owner, by=Actor.job("tests"))
    services.update_partner(partner=acme.row, region="Suzhou", by=manager)
    assert waits_for(asked(acme)) == {"Chen Rui"}


def test_a_condition_that_cannot_be_read_any_more_lets_nothing_through(acme, manager, administrator):
    publish(when("custom.gone", "x"), subject="partner_change")
    services.update_partner(partner=acme.row, region="Wuxi", by=manager)
    assert fresh(acme).region == "" and waits_for(asked(acme)) == {"Ada Admin"}


def test_own_fields_wait_and_are_written_with_the_rest(acme, manager, administrator):
    from prm.customfields.services import create_field

    create_field(target="partner", code="segment", kind="text", label="Segment", by=administrator)
    publish(when("changes_own_field"), subject="partner_change")
    services.update_partner(partner=acme.row, custom={"segment": "smb"}, by=manager)
    assert fresh(acme).custom.get("segment") is None
    approvals.approve(task=task_of(asked(acme), administrator), by=administrator)
    assert fresh(acme).custom["segment"] == "smb"


def test_a_file_of_which_a_row_needs_an_approval_writes_nothing_and_names_it(
    acme, rival, administrator, tmp_path
):
    publish(when("changes_region"), subject="partner_change")
    path = tmp_path / "partners.csv"
    rows = [f"{acme.row.number},{acme.row.name},021 5555,", f"{rival.row.number},{rival.row.name},,Wuxi"]
    path.write_text("\n".join(["partner_number,name,phone,region", *rows]), encoding="utf-8")
    upload = import_file(kind="partners", path=path, by=administrator)
    assert upload.state != "done"
    (row,) = upload.rows.filter(verdict="bad")
    assert row.number == 3
    assert (fresh(acme).phone, fresh(rival).region, pending(rival)) == ("", "", [])


def test_the_partners_page_shows_old_and_new_who_asked_and_whose_turn(acme, manager, administrator, browse):
    client = browse(manager)
    form = {"name": "ACME Holdings", "type": acme.row.type}
    page = client.post(f"/partners/{acme.row.pk}/edit/", form, follow=True).content.decode()
    assert "Handed in. Nothing is changed before it is approved." in page
    for words in ("ACME Networks", "ACME Holdings", "Lin Yue asked for it", "Waiting for <b>Ada Admin</b>"):
        assert words in page
    change = asked(acme)
    task = task_of(change, administrator)
    assert (
        f"/inbox/decisions/{task.pk}/"
        in browse(administrator).get(f"/partners/{acme.row.pk}/").content.decode()
    )
    record = browse(administrator).get(f"/inbox/decisions/{task.pk}/").content.decode()
    assert "ACME Networks → ACME Holdings" in record
    client.post(f"/partners/{acme.row.pk}/changes/{change.pk}/withdraw/")
    assert pending(acme) == []
    assert "ACME Holdings" not in browse(acme.admin).get("/company/").content.decode()


def checked(tmp_path, by, *rows: str):
    """The preview of a file, before anybody presses "Write": its bad rows, each with why."""
    text = "\n".join(["partner_number,name,phone,region,tier,parent_number", *rows])
    made = imports.upload_file(kind="partners", file=SimpleUploadedFile("p.csv", text.encode()), by=by)
    imports.match_columns(upload=made, columns=made.columns, by=by)
    run_job(Job.objects.filter(kind="imports.check").latest("pk").pk)
    made.refresh_from_db()
    bad = made.rows.filter(verdict="bad").order_by("number")
    return made, {row.number: " ".join(why(one) for one in row.findings or row.problems) for row in bad}


def test_the_check_of_a_file_asks_the_flow_and_names_what_would_wait(
    acme, rival, manager, administrator, tmp_path, browse
):
    """The row is refused in the preview, in the words in which it would be refused while it is written."""
    publish(when("changes_region"), subject="partner_change")
    rows = (f"{acme.row.number},{acme.row.name},021 5555,,,", f"{rival.row.number},{rival.row.name},,Wuxi,,")
    made, bad = checked(tmp_path, administrator, *rows)
    assert (made.good, made.bad) == (1, 1)
    needs = f"This change of {rival.row.name} needs an approval, which a file cannot wait for."
    assert list(bad) == [3] and needs in bad[3]
    assert needs in browse(administrator).get(made.get_absolute_url()).content.decode()
    assert not ApprovalRun.objects.for_everyone(because="a test").filter(subject="partner_change").exists()
    imports.start_import(upload=made, only_good=True, by=administrator)
    run_job(Job.objects.filter(kind="imports.write").latest("pk").pk)
    assert (fresh(acme).phone, fresh(rival).region, pending(rival)) == ("021 5555", "", [])


def test_the_check_of_a_file_names_the_change_that_waits_already(acme, manager, administrator, tmp_path):
    publish(approver("boss", MANAGER), subject="partner_change")
    services.update_partner(partner=acme.row, region="Wuxi", by=manager)
    publish(when("changes_name"), subject="partner_change")
    _made, bad = checked(tmp_path, administrator, f"{acme.row.number},ACME Holdings,,,,")
    assert "A change of ACME Networks (Company data) waits for approval already." in bad[2]


def test_the_check_of_a_file_asks_about_tier_and_parent_of_new_partners_too(
    acme, rival, administrator, tmp_path
):
    TierFactory(code="platinum")
    publish(when("new_tier", "platinum"), subject="partner_change")
    rows = (
        "P-8001,New One,,,platinum,",
        "P-8002,New Two,,,,",
        f"{acme.row.number},{acme.row.name},,,platinum,",
    )
    _made, bad = checked(tmp_path, administrator, *rows)
    assert list(bad) == [2, 4] and "New One needs an approval" in bad[2]
    publish(when("changes_parent"), subject="partner_change")
    rows = (f"P-8001,New One,,,platinum,{acme.row.number}", f"{rival.row.number},{rival.row.name},,Wuxi,,")
    made, bad = checked(tmp_path, administrator, *rows)
    assert list(bad) == [2] and made.good == 1


def test_a_parent_that_stays_is_no_change_and_an_unknown_one_is_named(
    acme, rival, manager, administrator, tmp_path
):
    services.update_partner(partner=acme.row, parent=rival.row, by=manager)
    publish(when("changes_parent"), subject="partner_change")
    rows = (
        f"{acme.row.number},{acme.row.name},021 8888,,,{rival.row.number}",
        "P-8005,New Three,,,,P-0000",
    )
    made, bad = checked(tmp_path, administrator, *rows)
    assert list(bad) == [3] and "No partner has this number" in bad[3] and made.good == 1


def test_of_a_file_its_partners_managers_read_no_notice_each(acme, manager, administrator, tmp_path):
    services.assign_manager(
        partner=acme.row, user=get_user_model().objects.get(pk=manager.user_id), by=administrator
    )
    made, _bad = checked(tmp_path, administrator, f"{acme.row.number},{acme.row.name},021 9999,,,")
    imports.start_import(upload=made, only_good=False, by=administrator)
    run_job(Job.objects.filter(kind="imports.write").latest("pk").pk)
    deliver_open_events()
    assert fresh(acme).phone == "021 9999"
    assert not Notice.objects.filter(user_id=manager.user_id, kind="partners.changed").exists()


def test_a_flow_that_only_tells_keeps_no_row_of_a_file(acme, administrator, tmp_path):
    publish(
        {"id": "told", "kind": "notice", "to": ADMINS, "text": "Changed", "text_zh": "已变更"},
        {"id": "yes", "kind": "decide", "when": {}, "outcome": "approve"}, subject="partner_change",
    )  # fmt: skip
    made, bad = checked(tmp_path, administrator, f"{acme.row.number},{acme.row.name},021 7777,,,")
    assert (bad, made.good) == ({}, 1)


NO = {
    "id": "no",
    "kind": "decide",
    "when": {"field": "changes_region", "op": "is", "value": True},
    "outcome": "reject",
}
YES = {"id": "yes", "kind": "decide", "when": {}, "outcome": "approve"}


def test_a_change_that_the_flow_rejects_at_once_says_so_and_never_that_it_is_written(acme, manager, browse):
    publish(NO, YES, subject="partner_change")
    client = browse(manager)
    form = {"name": acme.row.name, "type": acme.row.type, "region": "Wuxi"}
    page = client.post(f"/partners/{acme.row.pk}/edit/", form, follow=True).content.decode()
    assert "The approval flow rejects this change of ACME Networks at once." in page
    assert (fresh(acme).region, pending(acme)) == ("", [])


def test_a_row_that_the_flow_rejects_at_once_is_left_out_with_the_reason_and_the_others_are_written(
    acme, rival, administrator, tmp_path
):
    rows = (f"{acme.row.number},{acme.row.name},021 5555,,,", f"{rival.row.number},{rival.row.name},,Wuxi,,")
    rejects = f"The approval flow rejects this change of {rival.row.name} at once."
    before, bad = checked(tmp_path, administrator, *rows)
    assert (bad, before.good) == ({}, 2)
    publish(NO, YES, subject="partner_change")
    with (
        pytest.raises(RowRefused) as refused,
        transaction.atomic(),
    ):  # also where nobody asked the flow before
        before.definition.write(Staged(before), by=administrator)
    assert refused.value.number == 3 and fresh(acme).phone == ""
    made, bad = checked(tmp_path, administrator, *rows)
    assert made.good == 1 and list(bad) == [3] and rejects in bad[3]
    for upload in (made, before):  # the second was checked before the flow was there
        imports.start_import(upload=upload, only_good=True, by=administrator)
        run_job(Job.objects.filter(kind="imports.write").latest("pk").pk)
        upload.refresh_from_db()
        assert (upload.state, upload.bad, upload.written) == ("done", 1, 1 if upload is made else 0)
        assert [why(one) for one in upload.rows.get(number=3).findings][0].startswith(rejects)
    assert (fresh(acme).phone, fresh(rival).region, pending(rival)) == ("021 5555", "", [])


def test_a_file_leaves_out_the_change_that_has_to_wait_and_brings_in_the_rest(acme, administrator):
    rows = (
        f"partner_number,name,type\n{acme.row.number},ACME Holdings,reseller\nP-8003,New Partner,reseller\n"
    )
    made = imports.upload_file(
        kind="partners", file=SimpleUploadedFile("p.csv", rows.encode()), by=administrator
    )
    imports.match_columns(upload=made, columns=made.columns, by=administrator)
    publish(when("changes_region"), subject="partner_change")
    for only_good in (False, True):
        if not only_good:
            run_job(Job.objects.get(kind="imports.check").pk)
            made.refresh_from_db()
            assert made.bad == 0
        publish(approver("boss", MANAGER), subject="partner_change")  # between the preview and the last step
        imports.start_import(upload=made, only_good=only_good, by=administrator)
        run_job(Job.objects.filter(kind="imports.write").latest("pk").pk)
        made.refresh_from_db()
        assert (made.bad, made.state) == (1, "done" if only_good else "checked")
    assert made.written == 1 and fresh(acme).name == "ACME Networks"
    assert Partner.objects.for_everyone(because="a test").filter(number="P-8003").exists()
