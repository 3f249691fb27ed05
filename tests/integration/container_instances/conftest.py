import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.container_instances import StandIn, stand_in
from support.images import make_ready, options_of


@pytest.fixture(scope="package")
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StandIn]:
    """Of the engine that the test asks for, see `support.images.ENGINES`, or of processes."""
    state = tmp_path_factory.mktemp("shared") / "state"
    environment = {"ONLY_THE_STAND_IN": "sees this"}
    options = options_of(getattr(request, "param", "process"))
    with stand_in(state, environment=environment, **options) as machine:
        make_ready(machine)
        yield machine


@pytest.fixture
def machine(shared: StandIn) -> Iterator[StandIn]:
    """A stand-in that other tests use too, without faults; name groups by `name`."""
    yield shared
    shared.clear_faults()


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A group name of the test's own."""
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:60].strip(
        "-"
    )


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder for a stand-in of the test's own."""
    return tmp_path / "state"
