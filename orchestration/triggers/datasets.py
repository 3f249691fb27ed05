"""Datasets that are stored by name, for runs, jobs and schedules."""

import asyncio

from ..problems import Invalid, InvalidRequestError
from ..services import Noun
from ..services.definitions import Stored
from ..starting import sound_dataset
from ..views import definitions as views
from . import definitions
from .operations import Call, NoQuery, Operation, Reply

YAML = "application/yaml"


async def list_datasets(call: Call[NoQuery, None]) -> views.Datasets:
    """List the stored datasets."""

    def listed() -> list[views.DatasetEntry]:
        found = definitions.all_stored(call, Noun.DATASET)
        return [views.dataset(stored, _faults(call, stored)) for stored in found]

    return views.Datasets(datasets=await asyncio.to_thread(listed))


def _faults(call: Call[NoQuery, None], stored: Stored) -> tuple[Invalid, ...]:
    try:
        sound_dataset(call.services, stored.content)
    except InvalidRequestError as error:
        return error.faults
    return ()


async def show_dataset(call: Call[NoQuery, None]) -> Reply:
    """Show a dataset as it was stored."""
    return await definitions.show(call, Noun.DATASET)


async def put_dataset(call: Call[NoQuery, None]) -> Reply:
    """Store a dataset, in YAML or JSON, that has no fault."""
    await asyncio.to_thread(sound_dataset, call.services, call.content)
    return await definitions.put(call, Noun.DATASET)


async def delete_dataset(call: Call[NoQuery, None]) -> Reply:
    """Delete a dataset that no job and no schedule names."""
    return await definitions.delete(call, Noun.DATASET)


OPERATIONS = (
    Operation("list_datasets", "GET", "datasets", list_datasets, gives=views.Datasets),
    *definitions.operations(
        *(Noun.DATASET, YAML),
        takes=YAML,
        show=show_dataset,
        put=put_dataset,
        delete=delete_dataset,
    ),
)
