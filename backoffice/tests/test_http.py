"""The client's address, with and without proxies of ours."""

from ipaddress import ip_network

import pytest

from backoffice.base.http import address_of, client_ip

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8:aa::/48")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        # no proxy of ours: the header is not looked at
        ("203.0.113.9", "", [], "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", [], "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", PROXIES, "203.0.113.9"),
        # behind one: the last address that it was told by somebody else
        ("10.0.0.5", "203.0.113.9", PROXIES, "203.0.113.9"),
        ("10.0.0.5", "198.51.100.1, 203.0.113.9", PROXIES, "203.0.113.9"),
        ("10.0.0.5", "203.0.113.9, 10.0.0.4", PROXIES, "203.0.113.9"),
        (
            "10.0.0.5",
            "1.1.1.1, 203.0.113.9,10.0.0.4 , 10.1.1.1",
            PROXIES,
            "203.0.113.9",
        ),
        ("2001:db8:aa::1", "2001:db8:bb::7", PROXIES, "2001:db8:bb::7"),
        ("::ffff:10.0.0.5", "203.0.113.9", PROXIES, "203.0.113.9"),
        # ports, brackets, IPv4 within IPv6
        ("10.0.0.5", "203.0.113.9:4711", PROXIES, "203.0.113.9"),
        ("10.0.0.5", "[2001:db8:bb::7]:4711", PROXIES, "2001:db8:bb::7"),
        ("10.0.0.5", "::ffff:203.0.113.9", PROXIES, "203.0.113.9"),
        # nothing usable: the nearest that is known
        ("10.0.0.5", "", PROXIES, "10.0.0.5"),
        ("10.0.0.5", "unknown", PROXIES, "10.0.0.5"),
        ("10.0.0.5", "203.0.113.9, unknown", PROXIES, "10.0.0.5"),
        ("10.0.0.5", "<script>, 10.0.0.4", PROXIES, "10.0.0.4"),
        ("10.0.0.5", "10.0.0.9", PROXIES, "10.0.0.9"),
        ("10.0.0.5", ", ,", PROXIES, "10.0.0.5"),
        # a local socket
        ("", "203.0.113.9", PROXIES, ""),
        ("unix:", "203.0.113.9", PROXIES, ""),
    ],
)
def test_the_clients_address(rf, settings, peer, forwarded, trusted, expected):
    settings.TRUSTED_PROXIES = trusted
    request = rf.get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_ip(request) == expected


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[::1]", "::1"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_addresses_have_one_form(text, plain):
    assert str(address_of(text)) == plain


@pytest.mark.parametrize(
    "text",
    ["", "x", "1.2.3", "1.2.3.4.5", "256.1.1.1", "[1.2.3.4", ":4711", "1.2.3.4:"],
)
def test_what_is_no_address(text):
    assert address_of(text) is None
