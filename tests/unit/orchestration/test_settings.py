"""Settings: what is refused, and that no secret is shown."""

import pytest
from pydantic import ValidationError
from support.tables import table

from orchestration.settings import Settings, SettingsError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEEDED = {"subscription_id": "s", "resource_group": "g", "location": "l", "worker_image": "i"}


def test_a_secret_is_not_shown() -> None:
    settings = Settings.model_validate(
        {
            **NEEDED,
            "storage_connection_string": "AccountKey=verysecret",
            "postgresql_url": "postgresql://u:verysecret@h/d",
            "sink_secret": "Bearer verysecret",
            "webhook_url": "https://hooks.example/verysecret",
            "webhook_secret": SECRET,
            "applicationinsights_connection_string": "InstrumentationKey=verysecret",
            "otlp_headers": "api-key=verysecret",
        }
    )
    assert "verysecret" not in repr(settings)
    assert "verysecret" not in settings.model_dump_json()
    assert SECRET not in settings.model_dump_json()


@table(
    "url, secret, hosts, fault",
    {
        "nobody is told": ("", "", "", ""),
        "https anywhere": ("https://hooks.example:8443/a", SECRET, "", ""),
        "in the clear": ("http://127.0.0.1:80/a", SECRET, "", "HTTP_HOSTS lists the hosts"),
        "in the clear where it may": ("http://127.0.0.1:80/a", SECRET, "127.0.0.1:80", ""),
        "a password": ("https://me:verysecret@h/", SECRET, "", "without a user name"),
        "no address": ("hooks.example", SECRET, "", "begins with https"),
        "no secret": ("https://hooks.example/", "", "", "WEBHOOK_SECRET: a secret is needed"),
        "a secret of another kind": ("https://h/", "verysecret", "", "WEBHOOK_SECRET: whsec_"),
    },
)
def test_who_may_be_told(url: str, secret: str, hosts: str, fault: str) -> None:
    members = {"webhook_url": url, "webhook_secret": secret, "http_hosts": hosts}
    if not fault:
        assert Settings.model_validate({**NEEDED, **members}).webhook_url.get_secret_value() == url
        return
    with pytest.raises(ValidationError, match=fault) as caught:
        Settings.model_validate({**NEEDED, **members})
    assert "verysecret" not in str(caught.value)


def test_a_setting_that_is_missing_shows_no_other() -> None:
    with pytest.raises(ValidationError, match="location") as caught:
        Settings.model_validate({"postgresql_url": "postgresql://u:verysecret@h/d"})
    assert "verysecret" not in str(caught.value)


@table(
    "name, value, told",
    {
        "a number that is none": ("TICK_SECONDS", "soon", "='soon': a number above 0 is needed"),
        "nothing": ("TICK_SECONDS", "", "='': a number above 0 is needed"),
        "no number at all": ("PRICE_GB_SECOND", "nan", "='nan': a number of at least 0 is needed"),
        "out of bounds": ("SEED_PAGE", "0", "='0': a whole number from 1 to 1,000 is needed"),
        "too little": ("BODY_LIMIT", "1", "='1': a whole number of at least 1,000 is needed"),
        "no URL": ("PUBLIC_URL", "here", "='here': a URL that begins with https:// or http:// is"),
        "no region": ("LOCATION", "West Europe", "='West Europe': text of lower-case letters and"),
        "a password in an address": (
            "PUBLIC_URL",
            "https://me:verysecret@here.example",
            "='https://***@here.example': a URL that begins with https:// or http:// is needed",
        ),
        "an empty text": ("RESOURCE_GROUP", "", "='': text that is not empty is needed"),
        "a host that is none": ("HTTP_HOSTS", "a b", ": 'a b': host or host:port is needed"),
        "a secret": ("WEBHOOK_URL", "https://me:verysecret@h/", ": a URL without a user name"),
    },
)
def test_a_wrong_value_is_told_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    for each in Settings.names().values():
        monkeypatch.delenv(each, raising=False)
    for each, given in NEEDED.items():
        monkeypatch.setenv(f"ACI_JOBS_{each.upper()}", given)
    assert Settings.read().location == "l"
    monkeypatch.setenv(f"ACI_JOBS_{name}", value)
    with pytest.raises(SettingsError) as caught:
        Settings.read()
    assert str(caught.value).startswith(f"ACI_JOBS_{name}{told}")
    assert "\n" not in str(caught.value)
    assert "verysecret" not in str(caught.value)


def test_each_setting_that_is_missing_has_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NEEDED:
        monkeypatch.delenv(f"ACI_JOBS_{name.upper()}", raising=False)
    with pytest.raises(SettingsError) as caught:
        Settings.read()
    assert set(str(caught.value).split("\n")) >= {
        f"ACI_JOBS_{name.upper()} is missing" for name in NEEDED
    }
