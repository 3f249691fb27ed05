"""The settings that the code reads are those that the example lists, and no others."""

import json
from pathlib import Path

from orchestration.settings import Settings

EXAMPLE = Path(__file__).parents[3] / "local.settings.json.example"
HOST = {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage", "PYTHON_THREADPOOL_THREAD_COUNT"}


def test_the_example_lists_every_setting() -> None:
    listed = set(json.loads(EXAMPLE.read_text())["Values"]) - HOST
    read = {f"ACI_JOBS_{name.upper()}" for name in Settings.model_fields}
    assert listed == read


def test_a_secret_is_not_shown() -> None:
    settings = Settings.model_validate(
        {
            "subscription_id": "s",
            "resource_group": "g",
            "location": "l",
            "worker_image": "i",
            "storage_connection_string": "AccountKey=verysecret",
            "postgresql_url": "postgresql://u:verysecret@h/d",
            "sink_secret": "Bearer verysecret",
        }
    )
    assert "verysecret" not in repr(settings)
    assert "verysecret" not in settings.model_dump_json()
