"""The control plane's services on Azurite and the stand-in, through the real SDKs."""

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from support.composed import services_of
from support.container_instances import LOCATION, RESOURCE_GROUP, SUBSCRIPTION, StandIn
from support.container_instances import stand_in as running_stand_in

from orchestration.services import Services
from orchestration.settings import Settings
from worker_image.contract import naming

IMAGE = "nothing:local"  # its container ends at once
REGIONS = {
    "blocked": {"cores": 0},
    "small": {"groups": 5, "cores": 1, "spot_cores": 2},
    "full": {"capacity": 0},
}


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    images = {IMAGE: {"command": ["python", "-c", "pass"]}}
    folder = tmp_path_factory.mktemp("arm")
    with running_stand_in(folder, images, regions=json.dumps(REGIONS)) as running:
        yield running


@pytest.fixture
def services(azurite: str, stand_in: StandIn) -> Iterator[Services]:
    settings = Settings.model_validate(
        {
            "storage_connection_string": azurite,
            "subscription_id": SUBSCRIPTION,
            "resource_group": RESOURCE_GROUP,
            "location": LOCATION,
            "arm_endpoint": stand_in.url,
            "worker_image": IMAGE,
            "postgresql_url": "postgresql://u:topsecret@nowhere/d",
            "seed_page": 10,
        }
    )
    services = services_of(settings)
    services.records.create_container()
    yield services
    stand_in.clear_faults()


@pytest.fixture
def run() -> str:
    """A run id that no other test has."""
    nonce = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(5))
    return naming.run_id(datetime.now(UTC), nonce)
