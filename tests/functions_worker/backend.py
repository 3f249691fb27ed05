"""What the Durable SDK 2.x calls its backend, in memory, as a program of that SDK's environment.

It says on which port of 127.0.0.1 it listens, and ends when its input does. Nothing carries an
orchestration on: it takes starts, events and questions, as the extension of the host does.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from durabletask.internal.orchestrator_service_pb2_grpc import (
    add_TaskHubSidecarServiceServicer_to_server,
)
from durabletask.testing import InMemoryOrchestrationBackend

server = grpc.server(ThreadPoolExecutor(4))
add_TaskHubSidecarServiceServicer_to_server(InMemoryOrchestrationBackend(), server)
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
server.stop(None).wait()
