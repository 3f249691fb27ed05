"""What an image and a container make of each other."""

import sys
from pathlib import Path
from typing import Any

from local_host.container_instances.definition import Container
from local_host.container_instances.options import Image, Options, Region

HOME = Path("/state/home")


def container(**properties: Any) -> Container:
    requests = {"cpu": 1, "memoryInGB": 1}
    inner = {"image": "i", "resources": {"requests": requests}, **properties}
    return Container.model_validate({"name": "worker", "properties": inner})


def test_the_environment_of_an_image_alone() -> None:
    environment = Image().environment_for(container(), HOME)
    assert environment.pop("PATH").startswith(str(Path(sys.executable).parent))
    assert environment == {"HOME": str(HOME)}


def test_the_container_wins_over_the_image_and_the_image_over_the_defaults() -> None:
    image = Image(root=Path("/app"), environment={"HOME": "/root", "A": "image", "B": "image"})
    variables = [{"name": "B", "secureValue": "container"}]
    environment = image.environment_for(container(environmentVariables=variables), HOME)
    del environment["PATH"]
    assert environment == {"HOME": "/root", "A": "image", "B": "container", "PYTHONPATH": "/app"}


def test_the_command_of_the_container_or_of_the_image() -> None:
    image = Image(command=("serve",))
    assert image.command_for(container()) == ("serve",)
    assert image.command_for(container(command=["other", "x"])) == ("other", "x")


def test_a_region_has_limits_of_its_own_or_those_of_all_others() -> None:
    options = Options.model_validate({"cores": "7", "regions": '{"westus": {"groups": 3}}'})
    assert options.region("westus") == Region(groups=3)
    assert options.region("eastus") == Region(cores=7)
