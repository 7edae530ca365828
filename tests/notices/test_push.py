"""Notices on devices: sealed for the browser alone, signed by the tenant, as each person chose, once for each fact."""

from __future__ import annotations

import json
from datetime import time, timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from prm.audit.models import AuditEntry
from prm.egress.errors import EgressError
from prm.notices import kinds, push, webpush
from prm.notices.errors import DeviceUnfit
from prm.notices.models import Device, NoticeTimes, Preference, PushMessage
from prm.notices.services import notify
from prm.values import clock
from tests.egress.conftest import outside
from tests.factories.people import UserFactory, actor

__all__ = ["outside"]
pytestmark = pytest.mark.django_db
KIND, SAFETY = "tests.push", "tests.push_safety"


@pytest.fixture(autouse=True)
def _kinds():
    kinds.register(KIND, title="%(number)s is approved", body="By %(who)s", label="Approved")
    kinds.register(SAFETY, title="Password changed", body="", label="Password", optional=False)
    yield
    kinds._kinds.pop(KIND)
    kinds._kinds.pop(SAFETY)


class Browser:
    """What a browser does: gives a subscription, and reads what its push service hands it (RFC 8291)."""

    def __init__(self, outside):
        self.key, self.secret = ec.generate_private_key(webpush.CURVE), b"sixteen bytes..!"
        self.public = webpush.public_of(self.key)
        self.endpoint = outside.url

    @property
    def subscription(self):
        return {
            "endpoint": self.endpoint, "p256dh": webpush.to_text(self.public), "auth": webpush.to_text(self.secret)
        }  # fmt: skip

    def read(self, body):
        salt, record, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, cipher = body[21 : 21 + length], body[21 + length :]
        assert record == 4096 and len(body) <= 4096
        shared = self.key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(webpush.CURVE, sender)
        )

        def derived(salt, secret, info, size):
            return HKDF(hashes.SHA256(), size, salt, info).derive(secret)

        both = derived(self.secret, shared, b"WebPush: info\0" + self.public + sender, 32)
        nonce = derived(salt, both, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(derived(salt, both, b"Content-Encoding: aes128gcm\0", 16)).decrypt(nonce, cipher, None)
        text, mark = plain.rstrip(b"\0")[:-1], plain.rstrip(b"\0")[-1:]
        assert mark == b"\x02"
        return json.loads(text)


@pytest.fixture
def browser(outside):
    return Browser(outside)


@pytest.fixture
def person(db):
    return UserFactory(role="channel_manager")


@pytest.fixture
def device(browser, person):
    return push.add_device(user=person, name="Chrome, Android", by=actor(person), **browser.subscription)


def tell(person, fact="deal:1", kind=KIND, **values):
    notify(
        users=[person],
        kind=kind,
        values={"number": "DR-1", "who": "Lin", **values},
        link="/deals/",
        fact=fact,
    )


def test_the_example_of_the_standard_comes_out_byte_by_byte():
    """RFC 8291, appendix A."""
    body = webpush.sealed(
        b"When I grow up, I want to be a watermelon",
        browser=webpush.to_bytes(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        ),
        secret=webpush.to_bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        key=webpush.private_of("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        salt=webpush.to_bytes("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert webpush.to_text(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


class TestOnTheWire:
    def test_the_browser_reads_what_the_push_service_cannot(self, outside, browser, device, person):
        tell(person, who="Lin Yue")
        assert push.send_open() == 1
        (got,) = outside.got
        assert b"DR-1" not in got.body
        assert browser.read(got.body) == {
            "title": "DR-1 is approved", "body": "By Lin Yue", "url": "/deals/", "tag": f"{KIND}:deal:1"
        }  # fmt: skip
        assert got.headers["content-encoding"] == "aes128gcm" and int(got.headers["ttl"]) == 86400
        device.refresh_from_db()
        assert device.last_ok_at

    def test_the_sender_proves_who_it_is(self, outside, device, person):
        tell(person)
        push.send_open()
        scheme, _blank, rest = outside.got[0].headers["authorization"].partition(" ")
        token, key = (part.strip().partition("=")[2] for part in rest.split(","))
        assert scheme == "vapid" and key == push.public_key()
        head, claims, signature = token.split(".")
        raw = webpush.to_bytes(signature)
        pair = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public = webpush.point_of(webpush.to_bytes(key))
        public.verify(pair, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        with pytest.raises(InvalidSignature):
            public.verify(pair, f"{head}.{claims}x".encode(), ec.ECDSA(hashes.SHA256()))
        said = json.loads(webpush.to_bytes(claims))
        assert json.loads(webpush.to_bytes(head)) == {"typ": "JWT", "alg": "ES256"}
        assert said["aud"] == f"http://127.0.0.1:{outside.port}" and said["sub"].startswith("mailto:")
        assert clock.now().timestamp() < said["exp"] < (clock.now() + timedelta(hours=24)).timestamp()

    def test_each_message_has_a_key_and_a_salt_of_its_own(self, outside, device, person):
        tell(person)
        tell(person, fact="deal:2")
        push.send_open()
        one, other = (got.body for got in outside.got)
        assert one[:16] != other[:16] and one[21:86] != other[21:86]

    def test_a_long_text_is_cut_and_fits(self, outside, browser, device, person):
        tell(person, who="长" * 5000)
        push.send_open()
        assert len(browser.read(outside.got[0].body)["body"]) == push.LONGEST_BODY

    def test_it_is_in_the_language_of_its_person(self, outside, browser, device, person):
        person.language = "zh-hans"
        person.save(update_fields=["language"])
        kinds.register(KIND, title=kinds.kind_of("jobs.failed").title, body="", label="x")
        tell(person, title="导入")
        push.send_open()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in browser.read(outside.got[0].body)["title"])


class TestWhoHears:
    def test_once_for_each_fact(self, outside, device, person):
        for _turn in range(2):
            tell(person)
            push.send_open()
        assert len(outside.got) == 1 and push.send_open() == 0

    @pytest.mark.parametrize("delivery", ["digest", "inbox", "off"])
    def test_only_what_comes_at_once(self, outside, device, person, delivery):
        Preference.objects.create(user=person, kind=KIND, delivery=delivery)
        tell(person)
        assert not PushMessage.objects.exists()

    def test_quiet_hours_hold_for_devices_too_but_not_for_safety(self, outside, device, person):
        now = clock.now()
        NoticeTimes.objects.create(
            user=person, time_zone="UTC", quiet_from=(now - timedelta(hours=1)).time(),
            quiet_to=(now + timedelta(hours=1)).time(), digest_at=time(8),
        )  # fmt: skip
        tell(person)
        assert push.send_open() == 0
        tell(person, fact="password", kind=SAFETY)
        assert push.send_open() == 1
        with clock.at(now + timedelta(hours=2)):
            assert push.send_open() == 1

    def test_nobody_who_has_left(self, outside, device, person):
        tell(person)
        person.is_active = False
        person.save(update_fields=["is_active"])
        push.send_open()
        assert not outside.got and not Device.objects.exists()


class TestWhatGoesWrong:
    @pytest.mark.parametrize("status", [404, 410])
    def test_a_subscription_that_is_gone_is_forgotten(self, outside, device, person, status):
        outside.statuses = [status]
        tell(person)
        tell(person, fact="deal:2")
        push.send_open()
        assert not Device.objects.exists() and not PushMessage.objects.exists()
        assert len(outside.got) == 1

    def test_a_service_that_fails_is_tried_again_later(self, outside, device, person):
        outside.statuses = [503]
        tell(person)
        assert push.send_open() == 1 and push.send_open() == 0
        with clock.at(clock.now() + timedelta(minutes=2)):
            assert push.send_open() == 1
            assert push.send_open() == 0
        assert len(outside.got) == 2

    def test_not_for_ever(self, outside, device, person):
        outside.statuses = [500] * 20
        tell(person)
        for hours in range(1, 12):
            with clock.at(clock.now() + timedelta(hours=hours)):
                push.send_open()
        assert len(outside.got) == push.MAX_ATTEMPTS
        with clock.at(clock.now() + timedelta(days=2)):
            push.send_open()
        assert not PushMessage.objects.exists()

    def test_it_leaves_by_the_one_way_out(self, outside, device, person, settings):
        settings.EGRESS_ALLOW = []
        tell(person)
        push.send_open()
        assert not outside.got and PushMessage.objects.get().attempts == 1


class TestDevices:
    @pytest.mark.parametrize(
        "changes",
        [{"p256dh": "x"}, {"p256dh": webpush.to_text(b"\4" + b"\0" * 64)}, {"auth": "AAAA"}, {"auth": "§"}],
    )
    def test_what_is_no_subscription_is_refused(self, browser, person, changes):
        with pytest.raises(DeviceUnfit):
            push.add_device(user=person, name="", by=actor(person), **{**browser.subscription, **changes})

    @pytest.mark.parametrize("endpoint", ["ftp://push.example/x", "https://user@push.example/x", "push"])
    def test_what_is_no_address_is_refused(self, browser, person, endpoint):
        with pytest.raises(EgressError):
            push.add_device(
                user=person, name="", by=actor(person), **{**browser.subscription, "endpoint": endpoint}
            )

    def test_a_browser_belongs_to_one_person(self, browser, device, person):
        other = UserFactory(role="finance")
        push.add_device(user=other, name="", by=actor(other), **browser.subscription)
        assert [row.user_id for row in Device.objects.all()] == [other.pk]

    def test_what_is_stored_tells_no_address(self, browser, device):
        assert browser.endpoint not in device.sealed_subscription
        assert browser.subscription["auth"] not in device.sealed_subscription

    def test_on_the_page_it_is_added_and_removed(self, browser, person, browse):
        client = browse(person)
        page = client.get("/account/letters/").content.decode()
        assert f'data-push="{push.public_key()}"' in page and "js/push.js" in page
        client.post("/account/devices/", {**browser.subscription, "name": "Chrome, Android"})
        page = client.get("/account/letters/").content.decode()
        assert "Chrome, Android" in page
        device = Device.objects.get(user=person)
        stranger = browse(UserFactory(role="channel_manager"))
        assert stranger.post(f"/account/devices/{device.pk}/remove/").status_code == 404
        client.post(f"/account/devices/{device.pk}/remove/")
        assert not Device.objects.exists()
        verbs = AuditEntry.objects.filter(object_id=str(person.pk)).values_list("verb", flat=True)
        assert {"device_added", "device_removed"} <= set(verbs)

    def test_the_worker_is_served_from_the_root(self, client):
        answer = client.get("/push-worker.js", HTTP_HOST="alpha.localhost")
        assert answer.status_code == 200 and answer["Content-Type"].startswith("text/javascript")
        assert "showNotification" in answer.content.decode()
