"""What datasets, jobs and schedules have in common: they are stored by name, under etags.

A definition is given back as it was stored, byte for byte. Whoever says in `If-Match` or
`If-None-Match` which version is to be changed changes that or none.
"""

import asyncio
import re
from collections.abc import Callable
from email.utils import format_datetime
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from ..definitions import users
from ..model import NAME, Value
from ..problems import Invalid, InvalidRequestError
from ..services import Noun
from ..services.definitions import Expected, Stored, Version, VersionError
from ..services.threads import side_by_side
from ..views import definitions as views
from .operations import Call, Handler, Operation, RefusedError, Reply

T = TypeVar("T")

ETAG = {"ETag": "the version of the definition"}
VERSION = {**ETAG, "Last-Modified": "when it was stored"}
IF_MATCH = {"If-Match": "the etag that the definition must have, or * for any"}
IF_NONE_MATCH = "an etag that the definition must not have, or * for any"


def all_stored(call: Call[Any, Any], noun: Noun) -> list[Stored]:
    """Every definition of a noun, by name."""
    definitions = call.services.records.definitions(noun)
    return [stored for stored in side_by_side(definitions.read, definitions.names()) if stored]


async def show(call: Call[Any, Any], noun: Noun) -> Reply:
    """Answer a definition as it was stored, or that it is what the caller has already.

    Raises:
        RefusedError: there is none.
    """
    stored = await found(call, noun)
    if not Expected(none_match=call.headers.get("If-None-Match")).met_by(stored.etag):
        return Reply(None, _version(stored), HTTPStatus.NOT_MODIFIED)
    return Reply(stored.content, _version(stored))


async def put(call: Call[Any, Any], noun: Noun) -> Reply:
    """Store the body of a call, which has been found sound, under the name of its address.

    Raises:
        InvalidRequestError: the name is not allowed.
        RefusedError: the definition is not at the version that the caller expects.
    """
    name = call.path[noun]
    if not re.fullmatch(NAME, name):
        fault = Invalid(field="name", reason=f"a name must match {NAME}", value=name[:100])
        raise InvalidRequestError([fault])
    definitions = call.services.records.definitions(noun)
    store = partial(definitions.put, name, call.content, _expected(call))
    version, before = await _as_expected(store, noun, name)
    status = HTTPStatus.OK if before else HTTPStatus.CREATED
    return Reply(views.kept(version), _version(version), status)


async def delete(call: Call[Any, Any], noun: Noun) -> Reply:
    """Delete a definition that no other one names.

    Raises:
        RefusedError: there is none, others name it, or it is not at the version expected.
    """
    name = call.path[noun]
    await found(call, noun)
    using = await asyncio.to_thread(users, call.services, noun, name)
    if using:
        detail = f"{noun} {name} is in use by {', '.join(using)}"
        raise RefusedError(HTTPStatus.CONFLICT, detail)
    definitions = call.services.records.definitions(noun)
    remove = partial(definitions.delete, name, _expected(call))
    if not await _as_expected(remove, noun, name):
        raise _absent(noun, name)
    return Reply(None)


async def found(call: Call[Any, Any], noun: Noun) -> Stored:
    """The definition of the address.

    Raises:
        RefusedError: there is none.
    """
    name = call.path[noun]
    stored = None
    if re.fullmatch(NAME, name):
        read = call.services.records.definitions(noun).read
        stored = await asyncio.to_thread(read, name)
    if stored is None:
        raise _absent(noun, name)
    return stored


def operations(
    noun: Noun,
    media: str,
    *,
    takes: type[Value] | str,
    show: Handler,
    put: Handler,
    delete: Handler,
) -> tuple[Operation, ...]:
    """What can be done with one definition of a noun, whose text is of a media type."""
    route = f"{noun.container}/{{{noun}}}"
    return (
        Operation(
            *(f"show_{noun}", "GET", route, show),
            gives=media,
            headers={"If-None-Match": IF_NONE_MATCH},
            others=(HTTPStatus.NOT_MODIFIED,),
            sends=VERSION,
            refusals=(HTTPStatus.NOT_FOUND,),
        ),
        Operation(
            *(f"put_{noun}", "PUT", route, put),
            gives=views.Kept,
            takes=takes,
            headers={**IF_MATCH, "If-None-Match": IF_NONE_MATCH},
            others=(HTTPStatus.CREATED,),
            sends=VERSION,
            refusals=(HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED),
        ),
        Operation(
            *(f"delete_{noun}", "DELETE", route, delete),
            gives="",
            status=HTTPStatus.NO_CONTENT,
            headers=IF_MATCH,
            refusals=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED),
        ),
    )


async def _as_expected(change: Callable[[], T], noun: Noun, name: str) -> T:
    try:
        return await asyncio.to_thread(change)
    except VersionError as error:
        detail = f"{noun} {name} is not as expected: {error}"
        raise RefusedError(HTTPStatus.PRECONDITION_FAILED, detail) from None


def _expected(call: Call[Any, Any]) -> Expected:
    return Expected(call.headers.get("If-Match"), call.headers.get("If-None-Match"))


def _version(version: Version) -> dict[str, str]:
    return {"ETag": version.etag, "Last-Modified": format_datetime(version.changed, usegmt=True)}


def _absent(noun: Noun, name: str) -> RefusedError:
    return RefusedError(HTTPStatus.NOT_FOUND, f"there is no {noun} {name[:100]!r}")
