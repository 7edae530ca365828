"""The one way out lets nothing through to private networks, and is bounded in size and time."""

from __future__ import annotations

import ipaddress
import socket
import time

import pytest
from django.core.exceptions import ImproperlyConfigured

from prm.egress import addresses, client
from prm.egress.addresses import allowed_entry, is_public, parse
from prm.egress.errors import AddressRefused, EgressError, NoAnswer, TooLarge, TooManyRedirects, TooSlow


def names(monkeypatch, *answers):
    """Let the resolver say these addresses, one list for each question; the last one for ever."""
    asked = []

    def answer(host, port, **_kwargs):
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", answer)
    return asked


@pytest.fixture
def no_connection(monkeypatch):
    """Fails when anything is connected to; returns whom it would have been."""
    tried = []

    def connect(address, **_kwargs):
        tried.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(client.socket, "create_connection", connect)
    return tried


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::",
    "2002:a00:1::", "2001:0:1::1", "2001:db8::1", "64:ff9b:1::1", "fec0::1", "5f00::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "223.5.5.5", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::"]
)
def test_public_addresses_are(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_to_a_private_address_is_refused(monkeypatch, no_connection, address):
    names(monkeypatch, [address])
    with pytest.raises(AddressRefused):
        client.request("GET", "https://inside.example/")
    assert no_connection == []


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://127.1/", "https://[::1]/",
        "https://[::ffff:169.254.169.254]/", "https://localhost/",
    ],
)  # fmt: skip
def test_private_addresses_in_every_spelling_are_refused(no_connection, url):
    with pytest.raises(EgressError):
        client.request("GET", url)
    assert no_connection == []


@pytest.mark.parametrize(
    "url",
    [
        "", "file:///etc/passwd", "ftp://a.example/", "gopher://example.com/", "http://example.com/", "//example.com/",
        "https://", "https:///x", "https://user:pw@example.com/", "https://user@example.com/", "https://a.example:8443/",
        "https://exa mple.com/", "https://example.com\\@127.0.0.1/", "https://example.com/\r\nHost: x", "javascript:x",
        "https://[fe80::1%25eth0]/", "https://example.com:99999/", "https://example.com/ü", "https://a.example:0/",
    ],
)  # fmt: skip
def test_other_schemes_ports_and_odd_addresses_are_refused(monkeypatch, no_connection, url):
    names(monkeypatch, ["8.8.8.8"])
    with pytest.raises(EgressError):
        client.request("GET", url)
    assert no_connection == []


def test_one_private_address_among_public_ones_refuses_the_name(monkeypatch, no_connection):
    names(monkeypatch, ["8.8.8.8", "127.0.0.1"])
    with pytest.raises(AddressRefused):
        client.request("GET", "https://mixed.example/")
    assert no_connection == []


def test_a_name_that_changes_its_mind_is_asked_once(monkeypatch, no_connection):
    asked = names(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    with pytest.raises(NoAnswer):
        client.request("GET", "https://rebinding.example/")
    assert asked == ["rebinding.example"] and no_connection == ["8.8.8.8"], "the checked address is the one"


def test_what_the_operator_listed_is_reached_and_nothing_beside_it(outside):
    answer = client.request("POST", outside.url, body=b"x", headers={"X-Ours": "1"})
    assert answer.ok and outside.got[0].body == b"x" and outside.got[0].headers["x-ours"] == "1"
    assert outside.got[0].headers["host"] == f"127.0.0.1:{outside.port}"
    with pytest.raises(AddressRefused):
        client.request("GET", f"http://127.0.0.1:{outside.port + 1}/")
    with pytest.raises(AddressRefused):
        client.request("GET", "https://127.0.0.1/")


def redirect_to(url, status=302):
    def answer(handler, got):
        if got.path == "/end":
            handler.send_response(200)
            handler.send_header("Content-Length", "3")
            handler.end_headers()
            handler.wfile.write(b"end")
            return
        handler.send_response(status)
        handler.send_header("Location", url)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "https://169.254.169.254/latest/", "https://[::1]/", "file:///etc/passwd"]
)
def test_a_redirect_into_a_private_network_is_refused(outside, url):
    outside.answer = redirect_to(url)
    with pytest.raises(AddressRefused):
        client.request("GET", outside.url, redirects=3)
    assert len(outside.got) == 1


def test_redirects_are_followed_only_where_asked_for(outside):
    outside.answer = redirect_to("/end")
    assert client.request("POST", outside.url, body=b"x").status == 302
    assert client.request("POST", outside.url, body=b"x", redirects=1).body == b"end"
    assert [got.method for got in outside.got] == ["POST", "POST", "GET"]
    outside.answer = redirect_to("/again")
    with pytest.raises(TooManyRedirects):
        client.request("GET", outside.url, redirects=3)


def test_a_huge_answer_is_not_read_to_its_end(outside):
    def answer(handler, got):
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            pass

    outside.answer = answer
    with pytest.raises(TooLarge):
        client.request("GET", outside.url, limit=100_000)
    cut = client.request("GET", outside.url, limit=1000, cut=True)
    assert cut.cut and len(cut.body) == 1000


def drip(text):
    def answer(handler, got):
        try:
            for byte in text:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                time.sleep(0.2)
        except OSError:
            pass

    return answer


@pytest.mark.parametrize(
    "text", [b"HTTP/1.1 200 OK\r\n" * 9, b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 99], ids=["headers", "body"]
)
def test_an_answer_that_drips_ends_in_time(outside, text):
    outside.answer = drip(text)
    begun = time.monotonic()
    with pytest.raises(TooSlow):
        client.request("GET", outside.url, seconds=1)
    assert time.monotonic() - begun < 2


def test_a_resolver_that_never_answers_ends_in_time(monkeypatch):
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *a, **k: time.sleep(5))
    begun = time.monotonic()
    with pytest.raises(EgressError):
        client.request("GET", "https://slow.example/", seconds=0.5)
    assert time.monotonic() - begun < 2


def test_who_speaks_no_http_is_an_error_not_a_crash(outside):
    outside.answer = lambda handler, got: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n")
    with pytest.raises(NoAnswer):
        client.request("GET", outside.url)
    with pytest.raises(EgressError):
        client.request("GET", outside.url, headers={"X-Bad": "a\r\nHost: b"})


def test_a_certificate_of_somebody_else_is_refused(settings, outside):
    settings.EGRESS_ALLOW = [allowed_entry(f"https://127.0.0.1:{outside.port}")]
    with pytest.raises(EgressError):
        client.request("GET", f"https://127.0.0.1:{outside.port}/", seconds=3)


def test_secrets_do_not_follow_to_another_host(outside, settings):
    from tests.egress.receiver import Outside, serve

    other = Outside()
    server = serve(other)
    settings.EGRESS_ALLOW = [*settings.EGRESS_ALLOW, allowed_entry(f"http://127.0.0.1:{other.port}")]
    outside.answer = redirect_to(other.url)
    client.request("GET", outside.url, headers={"Authorization": "Bearer x"}, redirects=1)
    server.shutdown()
    assert "authorization" in outside.got[0].headers and "authorization" not in other.got[0].headers


@pytest.mark.parametrize(
    "text", ["10.0.0.0/8", "https://10.0.0.0/8", "https://10.0.0.0/99:443", "ssh://a:22", "https://a b:1"]
)
def test_an_entry_that_cannot_be_read_stops_the_start_with_a_sentence(text):
    with pytest.raises(ImproperlyConfigured, match="PRM_EGRESS_ALLOW"):
        allowed_entry(text)


def test_entries_take_a_network_or_a_name(monkeypatch):
    network, name = allowed_entry("https://10.0.0.0/8:8443"), allowed_entry("https://ERP.internal:443")
    v6 = allowed_entry("http://[::1]:9000")
    ten, eleven = ipaddress.ip_address("10.9.9.9"), ipaddress.ip_address("11.0.0.1")
    assert network.takes(parse("https://any.internal:8443/"), [ten])
    assert not network.takes(parse("https://any.internal:8443/"), [ten, eleven])
    assert name.takes(parse("https://erp.internal/"), [eleven])
    assert not name.takes(parse("https://erp.internal.example/"), [ten])
    assert v6.takes(parse("http://[::1]:9000/"), [ipaddress.ip_address("::1")])
