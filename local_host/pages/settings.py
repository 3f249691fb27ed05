"""The tables of settings: of the app, and of what a worker is told."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from itertools import groupby
from typing import Any

from command_line.reference.markdown import code, document, table
from orchestration.settings import Settings, allowed
from worker_image.contract import WorkerEnvironment
from worker_image.contract.environment import PREFIX

SECTIONS = {
    "blob_endpoint": "Storage",
    "subscription_id": "Container groups",
    "postgresql_url": "Sinks",
    "webhook_url": "Notifications",
    "applicationinsights_connection_string": "Telemetry",
    "price_vcpu_second": "Prices",
    "tick_seconds": "Pace and bounds",
    "worker_visibility_seconds": "Workers",
}
"""The setting that each section begins with, and what it is called."""


def of_app() -> str:
    """Every setting of the app, by what it is for."""
    described, section = Settings.described(), ""
    begins = {Settings.names()[field]: title for field, title in SECTIONS.items()}
    titled = []
    for name, schema in described.items():
        section = begins.get(name, section)
        titled.append((section, _setting(name, schema)))
    return document(_sections(titled)).strip()


def _sections(titled: list[tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    for title, rows in groupby(titled, key=lambda row: row[0]):
        yield f"## {title}"
        yield table(("setting", "default", "allowed", "what it says"), [row for _, row in rows])


def _setting(name: str, schema: Mapping[str, Any]) -> tuple[str, ...]:
    default = "**needed**" if schema["required"] else code(_plain(schema["default"]))
    kind = "a secret" if schema.get("writeOnly") else allowed(schema)
    said = " ".join(schema["description"].split())
    return code(name), default, kind, said


def _plain(value: object) -> str:
    """As people write it: without an exponent, and without a fraction that is none."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.10f}".rstrip("0").rstrip(".")


ELSEWHERE = {
    "run": "the run",
    "worker": "the name of its container group",
    "concurrency": "`instances.concurrency` of the request",
    "connections": "`sink.connections` of the request, a share of it",
    "processes": "`instances.cpu` of the request, rounded up",
}
"""Where a worker's variables come from that are no settings of the app."""


def of_worker() -> str:
    """Every variable that a worker's container may have."""
    head = ("variable", "comes from", "without it", "")
    return table(head, map(_variable, fields(WorkerEnvironment)))


def _variable(item: "Field[Any]") -> tuple[str, ...]:
    names = Settings.names()
    given = names.get(item.name) or names.get(f"worker_{item.name}")
    return (
        code(PREFIX + item.name.upper()),
        code(given) if given else ELSEWHERE.get(item.name, "nobody: it is as by default"),
        "exit code 64" if item.default is MISSING else code(_plain(item.default)),
        "secure value" if item.metadata.get("secret") else "",
    )
