"""Images that are commands of this machine, as the images file says."""

from pathlib import Path

from local_host.container_instances.definition import Container
from local_host.container_instances.engines.base import Program
from local_host.container_instances.options import Images


class Process:
    """Starts what stands for an image; there is nothing to build and no one to ask."""

    def __init__(self, images: Images) -> None:
        self._images = images.images

    def has(self, image: str) -> bool:
        """Whether the images file has it."""
        return image in self._images

    def program(self, container: Container, home: Path) -> Program:
        """The container's own command or else the image's, in a clean environment."""
        image = self._images[container.image]
        return Program(
            command=image.command_for(container),
            environment=image.environment_for(container, home),
            workdir=str(image.workdir or home),
            memory_bytes=container.memory_bytes,
        )

    def close(self) -> None:
        """There is nothing to let go of."""
