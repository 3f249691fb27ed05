"""Which URLs a list of hosts allows."""

import pytest
from support.tables import table

from worker_image.contract import hosts

ALLOWED = hosts.listed(" a.example, B.example:8080 ,,[2001:DB8::1],[::1]:80,xn--bcher-kva.example")


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example",
        "https://A.Example:443/rows?of=shop#@b",
        "https://a.example/user@host",
        "https://b.example:8080/",
        "http://b.example:8080/",
        "https://[2001:db8:0::0:1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "https://xn--bcher-kva.example/",
    ],
)
def test_a_url_of_an_entry_may_be_called(url: str) -> None:
    assert hosts.fault(url, ALLOWED) == ""


@table(
    "url, reason",
    {
        "another host": ("https://c.example/", "https to c.example:443 is not allowed"),
        "a host below it": ("https://x.a.example/", "x.a.example:443 is not allowed"),
        "a host that begins like it": ("https://a.example.c/", "a.example.c:443 is not allowed"),
        "its root": ("https://a.example./", "host or host:port"),
        "another port": ("https://a.example:444/", "a.example:444 is not allowed"),
        "in the clear": ("http://a.example/", "http to a.example:80 is not allowed"),
        "in the clear on that port": ("http://a.example:443/", "a.example:443 is not allowed"),
        "the port of an entry not named": ("http://b.example/", "b.example:80 is not allowed"),
        "an address of the machine": ("http://127.0.0.1:8080/", "127.0.0.1:8080 is not allowed"),
        "an address as a number": ("http://2130706433:8080/", "2130706433:8080 is not allowed"),
        "a user that looks like a host": ("https://a.example@c.example/", "without a user name"),
        "a user with a password": ("https://u:pw@a.example/", "without a user name"),
        "a backslash": ("https://c.example\\.a.example/", "printable ASCII"),
        "a line end": ("https://a.exa\nmple/", "printable ASCII"),
        "a space": ("https://a.example /", "printable ASCII"),
        "letters that are not ASCII": ("https://bücher.example/", "printable ASCII"),
        "letters that look like others": ("https://\uff41.example/", "printable ASCII"),
        "an encoded host": ("https://a%2eexample/", "host or host:port"),
        "a zone": ("http://[::1%25lo]/", "host or host:port"),
        "no address in brackets": ("http://[:::]/", "':::'"),
        "brackets that stay open": ("http://[::1/", "Invalid IPv6 URL"),
        "no port": ("https://a.example:/", "host or host:port"),
        "a port too large": ("https://a.example:65536/", "host or host:port"),
        "port 0": ("https://a.example:0/", "host or host:port"),
        "no host": ("https:///a.example", "host or host:port"),
        "no slashes": ("https:a.example", "host or host:port"),
        "another scheme": ("ftp://a.example/", "https:// or http://"),
        "nothing": ("", "https:// or http://"),
    },
)
def test_any_other_url_is_refused(url: str, reason: str) -> None:
    found = hosts.fault(url, ALLOWED)
    assert reason in found
    assert ("not allowed" in found) == (hosts.SETTING in found)
    assert "pw" not in found


def test_without_entries_nothing_may_be_called() -> None:
    assert hosts.SETTING in hosts.fault("https://a.example/", hosts.listed(""))


@pytest.mark.parametrize("entry", ["https://a.example", "a.example/", "::1", "*", "\u212a.example"])
def test_an_entry_that_is_no_host_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="host or host:port") as caught:
        hosts.listed(f"a.example,{entry}")
    assert repr(entry) in str(caught.value)
