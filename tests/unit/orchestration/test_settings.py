"""The settings that the code reads are those that the example lists, and no others."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError
from support.tables import table

from orchestration.settings import Settings

EXAMPLE = Path(__file__).parents[3] / "local.settings.json.example"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEEDED = {"subscription_id": "s", "resource_group": "g", "location": "l", "worker_image": "i"}
HOST = {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage", "PYTHON_THREADPOOL_THREAD_COUNT"}


def test_the_example_lists_every_setting() -> None:
    listed = set(json.loads(EXAMPLE.read_text())["Values"]) - HOST
    assert listed == set(Settings.names().values())


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
