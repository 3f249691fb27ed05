"""`python -m fuzzing.one TARGET …` fuzzes one target with atheris, whose options follow.

It keeps inputs that take new branches of the code that reads them. Every other change of an input
is one of ours: its own know of bytes alone.
"""

import sys
from random import Random

import atheris

READERS = (
    "worker_image.contract",
    "worker_image.generator",
    "worker_image.ingester",
    "worker_image.stages",
    "orchestration.model",
    "orchestration.problems",
    "orchestration.services",
    "command_line",
)

with atheris.instrument_imports(include=list(READERS)):
    from fuzzing.mutating import step
    from fuzzing.targets import TARGETS


def main() -> None:
    """Fuzz until a fault is found, or as often as the options say."""
    target = TARGETS[sys.argv.pop(1)]
    samples = list(target.samples())

    def changed(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.5:
            return bytes(atheris.Mutate(data, most))
        return step(data, samples, random)[:most]

    atheris.Setup(sys.argv, target.read, custom_mutator=changed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
