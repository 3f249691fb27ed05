"""The machine: it takes wishes about container groups and makes them true.

A wish is written down before it is answered; `tick` compares wishes with processes and does what
is missing. So a stand-in that is killed at any point goes on where it was.
"""

import logging
import shutil
import signal
import subprocess
import uuid
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from local_host.container_instances import model, processes, regions
from local_host.container_instances.definition import Container, Definition, parse
from local_host.container_instances.engines import Engine
from local_host.container_instances.errors import refusal
from local_host.container_instances.faults import Fault, Kind
from local_host.container_instances.limits import Rate, Usage, spend
from local_host.container_instances.model import Address, Group, View
from local_host.container_instances.options import Options
from local_host.container_instances.shim import HOME, Launch
from local_host.container_instances.store import Store

log = logging.getLogger(__name__)
Verb = Literal["create", "delete"]
_SIGNALS = {Kind.CRASH: signal.SIGUSR2, Kind.EVICT: signal.SIGUSR1}


class Machine:
    """All container groups. Not for use by several threads."""

    def __init__(self, store: Store, engine: Engine, options: Options) -> None:
        self.options = options
        self.groups = store.read()
        self._store, self._engine = store, engine
        self._rates = (Rate(options.per_5_minutes, 300), Rate(options.per_hour, 3600))
        self._spent: dict[tuple[str, ...], tuple[float, ...]] = defaultdict(tuple)
        self._buried: set[Path] = set()
        self._shims: list[subprocess.Popen[bytes]] = []

    # What is

    def group(self, address: Address) -> Group:
        """A group that exists.

        Raises:
            ArmError: 404.
        """
        if address.key not in self.groups:
            _, resource_group, name = address
            raise refusal("ResourceNotFound", resource_group=resource_group, group=name)
        return self.groups[address.key]

    def view(self, group: Group, now: float) -> View:
        """The state of a group."""
        names = [container.name for container in group.definition.containers]
        states = {name: processes.state(self.folder(group, name)) for name in names}
        return model.view(group, states, now)

    def folder(self, group: Group, container: str) -> Path:
        """Where a container's output is."""
        return self._store.container(group, container)

    def processes(self) -> dict[str, list[dict[str, Any]]]:
        """The live containers by the name of their group: process ids, None while it has none."""
        found: dict[str, list[dict[str, Any]]] = {}
        for group in self.groups.values():
            for folder in filter(processes.alive, self._store.containers(group)):
                state = processes.state(folder)
                if state and state.phase != "terminated":
                    ids = {"container": folder.name, "process": state.process, "shim": state.shim}
                    found.setdefault(group.name, []).append(ids)
        return found

    def usages(self, subscription: str, location: str) -> list[Usage]:
        """The quotas of a region; a group counts until it is deleted."""
        return regions.usages(self._placed(subscription, location), self.options.region(location))

    def _placed(
        self, subscription: str, location: str, but: Address | None = None
    ) -> list[Definition]:
        return [
            group.definition
            for key, group in self.groups.items()
            if group.address.subscription == subscription
            and group.definition.location == location
            and key != but
        ]

    def spend(self, verb: Verb, subscription: str, now: float) -> None:
        """Count a create or a delete.

        Raises:
            ArmError: 429.
        """
        spent = self._spent[verb, subscription]
        self._spent[verb, subscription] = spend(spent, self._rates, now)

    def left(self, verb: Verb, subscription: str, now: float) -> list[int]:
        """How many more creates or deletes are allowed in 5 minutes and in an hour."""
        return [rate.left(self._spent[verb, subscription], now) for rate in self._rates]

    # What is wished

    def put(
        self, address: Address, body: Any, faults: tuple[Fault, ...], now: float
    ) -> tuple[Group, bool]:
        """Create or update a group; the group, and whether that deploys it.

        Raises:
            ArmError: the body is wrong, a quota is reached, the group is in transition.
        """
        definition = parse(body)
        for container in definition.containers:
            if not self._engine.has(container.image):
                image = container.image
                raise refusal("InaccessibleImage", group=address.name, image=image)
        old = self.groups.get(address.key)
        if old and not model.deploys(old, self.view(old, now), body):
            return self._keep(replace(old, body=body)), False
        others = self._placed(address.subscription, definition.location, but=address.key)
        regions.check_room(definition, others, self.options.region(definition.location))
        return self._deploy(Group(address, body, "", now, now, faults), now), True

    def tag(self, group: Group, tags: dict[str, str]) -> Group:
        """Replace the tags of a group."""
        return self._keep(replace(group, body={**group.body, "tags": tags}))

    def start(self, group: Group, now: float) -> Group | None:
        """Run a group that has ended or was stopped; None when it runs already."""
        seen = self.view(group, now)
        model.check_settled(group, seen)
        if not seen.over:
            return None
        return self._deploy(replace(group, faults=()), now)

    def restart(self, group: Group, now: float) -> None:
        """Stop the containers of a group and run them again."""
        model.check_settled(group, self.view(group, now))
        self._deploy(replace(group, faults=()), now)

    def stop(self, group: Group, now: float) -> None:
        """Stop the containers of a group, which stays; nothing if they have ended."""
        seen = self.view(group, now)
        model.check_settled(group, seen)
        if seen.state in ("Pending", "Running"):
            self._keep(replace(group, wish="stop"))

    def delete(self, group: Group, faults: tuple[Fault, ...], now: float) -> bool:
        """Stop the containers of a group, then forget it; whether it is gone already."""
        slow = [fault.seconds for fault in faults if fault.kind == Kind.SLOW_DELETE]
        if group.wish != "delete":
            group = self._keep(replace(group, wish="delete", gone=now + max(slow, default=0)))
        self._reconcile(group, now)
        return group.address.key not in self.groups

    def _deploy(self, group: Group, now: float) -> Group:
        ready = now + self.options.provisioning_seconds
        operation = str(uuid.uuid4())
        return self._keep(replace(group, operation=operation, begun=now, ready=ready, wish="run"))

    def _keep(self, group: Group) -> Group:
        self._store.write(group)
        self.groups[group.address.key] = group
        return group

    # Making it true

    def tick(self, now: float) -> None:
        """One round over all groups; one that fails leaves the others alone."""
        self._shims = [shim for shim in self._shims if shim.poll() is None]
        for group in list(self.groups.values()):
            try:
                self._reconcile(group, now)
            except Exception:
                log.exception("group %s", group.name)

    def shut_down(self, now: float) -> bool:
        """Stop every container, as a machine that is switched off; true once nothing runs."""
        ended = [
            (self._end_earlier(group, now), self._end(self._store.containers(group), now))
            for group in self.groups.values()
        ]
        return all(earlier and latest for earlier, latest in ended)

    def _reconcile(self, group: Group, now: float) -> None:
        replaced = self._end_earlier(group, now)
        if group.wish == "run":
            for container in group.definition.containers if replaced else ():
                self._run(group, container, now)
            return
        ended = self._end(self._store.containers(group), now) and replaced
        if ended and group.wish == "delete" and now >= group.gone:
            self._store.remove(group)
            del self.groups[group.address.key]

    def _end_earlier(self, group: Group, now: float) -> bool:
        for deployment in self._store.earlier(group):
            if not self._end([path for path in deployment.iterdir() if path.is_dir()], now):
                return False
            shutil.rmtree(deployment, ignore_errors=True)
        return True

    def _end(self, folders: list[Path], now: float) -> bool:
        alive = [folder for folder in folders if processes.alive(folder)]
        for folder in alive:
            processes.send(folder, signal.SIGTERM)
        for folder in folders:
            if folder not in alive:
                self._bury(folder, now)
        return not alive

    def _run(self, group: Group, container: Container, now: float) -> None:
        folder = self.folder(group, container.name)
        if folder in self._buried:
            return
        alive, state = processes.alive(folder), processes.state(folder)  # in this order
        if alive:
            for kind in model.harms(group, state, now) if state else ():
                processes.send(folder, _SIGNALS[kind])
        elif state:
            self._bury(folder, now)
        elif now >= group.ready and not group.never_starts:
            self._launch(group, container, folder)

    def _bury(self, folder: Path, now: float) -> None:
        if folder not in self._buried:
            processes.bury(folder, now)
            self._buried.add(folder)

    def _launch(self, group: Group, container: Container, folder: Path) -> None:
        program = self._engine.program(container, folder / HOME)
        if program is None:
            return
        launch = Launch(
            **vars(program),
            restart_policy=group.definition.restart_policy,
            grace_seconds=self.options.grace_seconds,
            backoff_seconds=self.options.backoff_seconds,
        )
        shim = processes.launch(folder, launch)
        if shim:
            self._shims.append(shim)
