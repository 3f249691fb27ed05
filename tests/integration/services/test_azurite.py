import json
import subprocess
from pathlib import Path
from typing import Any

import psutil
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, QueueServiceClient

from local_host.services.azurite import LOOKUPS, Azurite
from local_host.services.toolchain import NODE, Toolchain


def test_blobs_and_queues_answer(azurite: str) -> None:
    with BlobServiceClient.from_connection_string(azurite) as blobs:
        container = blobs.create_container("answers")
        container.upload_blob("a", b"\x00\xff")
        assert container.download_blob("a").readall() == b"\x00\xff"
    with QueueServiceClient.from_connection_string(azurite) as queues:
        queue = queues.create_queue("answers")
        queue.send_message("hello")
        assert [each.content for each in queue.receive_messages()] == ["hello"]


def test_data_and_address_outlive_a_restart_on_loopback_alone(
    azurite: str, services_folder: Path
) -> None:
    # The first fixture has installed the program.
    toolchain = Toolchain.from_environment()
    service = Azurite(services_folder / "restarted", toolchain)
    service.start()
    try:
        with QueueClient.from_connection_string(service.connection_string, "kept") as queue:
            queue.create_queue()
            queue.send_message("still here")
            service.stop()
            again = Azurite(services_folder / "restarted", toolchain)
            assert again.connection_string == service.connection_string != azurite
            again.start()
            assert [each.content for each in queue.peek_messages()] == ["still here"]
            assert listening(again) == {"127.0.0.1"}
            again.stop()
    finally:
        service.stop()


def listening(service: Azurite) -> set[str]:
    pid = service.service.pid
    connections = psutil.Process(pid).net_connections("inet")
    return {each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN}


# Each field that a query reads is counted; a thousand rows share the account.
COUNT = """
    const { Collection } = require("lokijs");
    const rows = new Collection("rows", { indices: ["account", "name"], disableMeta: true });
    let read = 0;
    for (let number = 0; number < 1000; number++) {
      const row = { name: `${number}` };
      Object.defineProperty(row, "account", { enumerable: true, get: () => (read++, "one") });
      rows.insert(row);
    }
    read = 0;
    const found = ["7", "absent"].map((name) => rows.findOne({ account: "one", name })?.name);
    const other = rows.findOne({ account: "two", name: "7" });
    const first = read;
    rows.remove([]);
    console.log(JSON.stringify({ found, other, first, removing: read - first }));
"""


def test_a_row_is_found_without_a_look_at_all_others(azurite: str) -> None:
    modules = Toolchain.from_environment().azurite.parents[2]

    def asked(*options: str) -> dict[str, Any]:
        command = [str(NODE), *options, "--eval", COUNT, str(modules / "any.js")]
        done = subprocess.run(command, cwd=modules, capture_output=True, check=True, timeout=60)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    plain, ours = asked(), asked("--require", str(LOOKUPS))
    assert plain["found"] == ours["found"] == ["7", None]
    assert plain.get("other") is ours.get("other") is None
    assert (plain["first"] > 2_000, ours["first"] < 50) == (True, True)
    assert (plain["removing"] > 1_000, ours["removing"]) == (True, 0)
