from pathlib import Path

import psutil
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, QueueServiceClient

from local_host.services.azurite import Azurite
from local_host.services.toolchain import Toolchain


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
