"""The management SDK's client, and what all its answers have in common."""

from collections.abc import Mapping
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import RetryPolicy, SansIOHTTPPolicy
from azure.mgmt.containerinstance import ContainerInstanceManagementClient

from ..settings import Settings

LEFT = "x-ms-ratelimit-remaining-subscription-resource-requests-"
RETRIES = 3
LONGEST_PAUSE = 2.0
CONNECTION_SECONDS, READ_SECONDS = 10, 30


class _LocalToken(SansIOHTTPPolicy[Any, Any]):
    """Stands in for the bearer token policy, which refuses plain http, on a local endpoint."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.http_request.headers["Authorization"] = "Bearer local"


class _BriefRetries(RetryPolicy[Any, Any]):
    """Repeats a read within seconds or not at all.

    The SDK's own policy sleeps for as long as Retry-After says, in the thread of the activity; a
    longer wait belongs on the orchestrator's timer.
    """

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        brief = (self.get_retry_after(response) or 0) <= LONGEST_PAUSE
        return brief and super().is_retry(settings, response)


def open_client(
    settings: Settings, credential: TokenCredential
) -> ContainerInstanceManagementClient:
    """Make the SDK's client; an `http://` endpoint is taken for the local stand-in."""
    local = settings.arm_endpoint.startswith("http://")
    return ContainerInstanceManagementClient(
        credential,
        settings.subscription_id,
        base_url=settings.arm_endpoint,
        credential_scopes=[f"{settings.arm_endpoint}/.default"],
        retry_policy=_BriefRetries(
            retry_total=RETRIES, retry_backoff_factor=0.5, retry_backoff_max=LONGEST_PAUSE
        ),
        connection_timeout=CONNECTION_SECONDS,
        read_timeout=READ_SECONDS,
        **({"authentication_policy": _LocalToken()} if local else {}),
    )


def headers_of(error: AzureError) -> Mapping[str, str]:
    """The headers of the answer that an error is about; none where there was no answer."""
    response: Any = error.response if isinstance(error, HttpResponseError) else None
    return response.headers if response else {}


def left(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """How many more such requests Azure allows in five minutes and in an hour, if it says so."""
    try:
        return int(headers[f"{LEFT}pt5m"]), int(headers[f"{LEFT}pt1h"])
    except (KeyError, ValueError):
        return None
