"""Every business object shows on its own page what happened to it."""

from __future__ import annotations

import pytest

from prm.audit.services import record
from prm.values.actor import Actor
from tests.isolation import world

BY = Actor(kind="user", user_id=7, label="Gao Ning", address="10.1.1.1")
pytestmark = pytest.mark.django_db


@pytest.fixture
def made(db):
    return world.build().rival


def objects(made) -> dict[str, tuple]:
    """The object, and the address of its page."""
    from orders.models import PriceList
    from prm.jobs.models import Job
    from prm.spreadsheets.models import Import
    from prm.values import clock
    from rebates.models import Programme

    price_list = PriceList.objects.first() or PriceList.objects.create(name="All", currency="CNY")
    job = Job.objects.create(
        kind="sealing.verify", title="Verify", created_label="x", run_after=clock.now(), state="dead"
    )
    upload = Import.objects.create(
        number="IM-1", kind="products", file_name="products.csv", created_label="x", state="discarded"
    )
    product = made["product"]
    return {
        "partner": (made["partner"], made["partner"].get_absolute_url()),
        "end customer": (made["deal"].end_customer, made["deal"].end_customer.get_absolute_url()),
        "deal": (made["deal"], made["deal"].get_absolute_url() + "?tab=history"),
        "order": (made["order"], made["order"].get_absolute_url()),
        "invoice": (made["invoice"], made["invoice"].get_absolute_url()),
        "product": (product, f"/products/{product.pk}/"),
        "product line": (product.product_line, f"/product-lines/{product.product_line_id}/"),
        "price list": (price_list, f"/prices/{price_list.pk}/"),
        "programme": (Programme.objects.get(), Programme.objects.get().get_absolute_url()),
        "settlement": (made["run"], made["run"].get_absolute_url()),
        "statement": (made["statement"], made["statement"].get_absolute_url()),
        "user": (made["user"], f"/settings/users/{made['user'].pk}/"),
        "job": (job, job.get_absolute_url()),
        "import": (upload, upload.get_absolute_url()),
    }


def test_each_page_shows_its_history(made, administrator, browse):
    client = browse(administrator)
    missing = []
    for name, (obj, address) in objects(made).items():
        reason = f"because of the {name}"
        record(obj, "changed", by=BY, reason=reason)
        answer = client.get(address)
        if answer.status_code != 200 or reason not in answer.content.decode():
            missing.append(f"{name}: {address} {answer.status_code}")
    assert not missing


def test_a_manager_of_some_partners_reads_the_history_of_the_tenants_own_records(made, browse):
    from tests.factories.people import UserFactory

    product = made["product"]
    record(product, "changed", by=BY, reason="a new price")
    client = browse(UserFactory(role="channel_manager", all_partners=False))
    assert "a new price" in client.get(f"/products/{product.pk}/").content.decode()


def test_a_partner_reads_no_history_of_invoices_and_statements(made, browse):
    record(made["statement"], "changed", by=BY, reason="an inner remark")
    page = browse(made["user"]).get(made["statement"].get_absolute_url())
    assert page.status_code == 200 and "an inner remark" not in page.content.decode()
