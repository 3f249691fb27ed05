"""What Azure's refusals mean: its failure catalogue as a table, and the way to a row of it.

The SDK's classes mix the causes (every 409 is a `ResourceExistsError`), so a refusal is judged by
Azure's own code and words, and by the HTTP status where these say nothing. The rows come from
Microsoft's documentation and from what users of container groups report.
"""

import re
from collections.abc import Container
from dataclasses import dataclass

from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline.policies import RetryPolicy

from ..model import Refusal, Remedy
from . import arm

MINUTE, DAY = 60.0, 86_400.0
WORDS = 1_000
PROVISIONING_FAILED = "ProvisioningFailed"


class ForeignGroupError(AzureError):
    """A container group of that name exists and is not the one that is meant."""


@dataclass(frozen=True)
class Row:
    """A row matches by all that it names; `words` is sought in the message, whatever its case.

    `wait`, in seconds, is the least; what Azure says counts if it is longer.
    """

    remedy: Remedy
    wait: float = 0.0
    tries: int = 0
    codes: Container[str] = ()
    words: str = ""
    statuses: Container[int] = ()

    def matches(self, code: str, message: str, status: int) -> bool:
        """Whether this is a row for such a refusal."""
        if self.codes and code not in self.codes:
            return False
        if self.statuses and status not in self.statuses:
            return False
        return re.search(self.words, message, re.IGNORECASE) is not None


QUOTA = ("ContainerGroupQuotaReached", "ServiceUnavailable", "OperationNotAllowed")
UNREACHABLE = (
    "ServiceRequestError",
    "ServiceRequestTimeoutError",
    "ServiceResponseError",
    "ServiceResponseTimeoutError",
)
MISCONFIGURED = (
    "AuthorizationFailed",
    "ForeignGroupError",
    "InvalidContainerEnvironmentVariable",
    "InvalidContainerGroupUpdate",
    "InvalidImageRegistryIdentity",
    "LinkedAuthorizationFailed",
    "MissingSubscriptionRegistration",
    "OperationNotAllowed",
    "OsVersionNotSupported",
    "RequestDisallowedByPolicy",
    "ResourceGroupNotFound",
    "SubscriptionNotFound",
)

# The first row that matches counts.
CATALOGUE = (
    Row(Remedy.AGAIN, wait=15, statuses=(429,)),
    Row(Remedy.AGAIN, wait=MINUTE, words=r"number of requests .* exceeded the limit"),
    Row(Remedy.AGAIN, wait=10, codes=("ContainerGroupTransitioning",)),
    # A limit of 0 is a region that the subscription may not use.
    Row(Remedy.REGION, wait=DAY, codes=QUOTA, words=r"limit: '?0\b"),
    Row(Remedy.REGION, wait=DAY, codes=("LocationNotAvailableForResourceType",)),
    Row(Remedy.ROOM, wait=MINUTE, codes=QUOTA, words=r"quota .*exceeded|exceed\w* .*quota"),
    Row(Remedy.ROOM, wait=MINUTE, codes=("ContainerGroupQuotaReached",)),
    Row(Remedy.REGION, wait=5 * MINUTE, codes=("InsufficientCapacity",)),
    Row(
        Remedy.REGION,
        wait=5 * MINUTE,
        codes=("ServiceUnavailable",),
        words="not available in the location",
    ),
    Row(
        Remedy.REGION,
        wait=30,
        tries=3,
        codes=(
            "InternalServerError",
            PROVISIONING_FAILED,
            "RegistryErrorResponse",
            "ServiceUnavailable",
        ),
    ),
    # The role that lets the worker's identity pull may be minutes old.
    Row(Remedy.FATAL, wait=MINUTE, tries=1, codes=("InaccessibleImage",)),
    Row(Remedy.FATAL, codes=MISCONFIGURED),
    Row(Remedy.AGAIN, wait=5, codes=UNREACHABLE),
    Row(Remedy.AGAIN, wait=15, statuses=(408, *range(500, 600))),
)
UNKNOWN = Row(Remedy.FATAL, wait=30, tries=5)


def refusal(error: AzureError) -> Refusal:
    """What a refusal, a lost reply or a refused connection means."""
    code, message, status = _said(error)
    row = _row(code, message, status)
    wait = max(row.wait, min(DAY, _retry_after(error) or _told(message)))
    return Refusal(code=code, remedy=row.remedy, wait=wait, tries=row.tries)


def judge(code: str, message: str = "") -> Refusal:
    """What a creation that was accepted and failed later means, by the name of its event."""
    row = _row(code, message, 0)
    return Refusal(code=code, remedy=row.remedy, wait=row.wait, tries=row.tries)


def is_known(code: str, message: str = "") -> bool:
    """Whether a name is a code of the catalogue."""
    return _row(code, message, 0) is not UNKNOWN


def words(error: AzureError) -> str:
    """Azure's own words with their code; the start of the answer as it came if they are unknown."""
    code, message, status = _said(error)
    if _row(code, message, status) is UNKNOWN and isinstance(error, HttpResponseError):
        message = _body(error) or message
    return f"{code}: {message}"[:WORDS]


def code_of(error: AzureError) -> str:
    """Azure's code; the SDK's name for the error where there is none."""
    return _said(error)[0]


def _said(error: AzureError) -> tuple[str, str, int]:
    name, status = type(error).__name__, 0
    if isinstance(error, HttpResponseError):
        status = error.status_code or 0
        if error.error:
            return str(error.error.code or name), str(error.error.message or ""), status
    return name, str(error.message), status


def _row(code: str, message: str, status: int) -> Row:
    return next((row for row in CATALOGUE if row.matches(code, message, status)), UNKNOWN)


def _body(error: HttpResponseError) -> str:
    return error.response.text() if error.response else ""


def _retry_after(error: AzureError) -> float:
    try:
        return RetryPolicy().parse_retry_after(arm.headers_of(error)["Retry-After"])
    except (KeyError, ValueError):
        return 0.0


def _told(message: str) -> float:
    """Seconds to wait as the service words them where it sends no header."""
    found = re.search(r"again after '?(\d+(?:\.\d+)?)'? (second|minute)", message)
    return float(found[1]) * (MINUTE if found[2] == "minute" else 1) if found else 0.0
