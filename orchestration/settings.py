"""The app's settings: read from the environment once, at the composition root."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    computed_field,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from worker_image.contract import hosts

from . import signing
from .model import Prices

URL, REGION = r"^(https?://[^\s@]+)?$", r"^[a-z0-9]+$"
_WORDS = {
    URL: "a URL that begins with https:// or http://",
    REGION: "text of lower-case letters and digits",
}


class SettingsError(Exception):
    """Settings are missing or wrong: a line for each, without the value of a secret."""


class Settings(BaseSettings):
    """One field for each setting, and below it what it says; `docs/settings.md` has them all.

    The name is `ACI_JOBS_` and the field's in capitals where no other is given.
    """

    model_config = SettingsConfigDict(
        env_prefix="ACI_JOBS_",
        populate_by_name=True,
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        hide_input_in_errors=True,  # the input has all secrets in it
        use_attribute_docstrings=True,
    )

    blob_endpoint: Annotated[str, Field(pattern=URL)] = ""
    """Where the blobs of the app's storage account are: `https://ACCOUNT.blob.core.windows.net`.

    App and workers reach storage by their managed identities.
    """

    queue_endpoint: Annotated[str, Field(pattern=URL)] = ""
    """Where the queues of the same account are: `https://ACCOUNT.queue.core.windows.net`."""

    storage_connection_string: SecretStr = SecretStr("")
    """For an emulator alone, in the place of the two endpoints; workers get it as well."""

    subscription_id: Annotated[str, Field(min_length=1)]
    """The subscription in which container groups are made."""

    resource_group: Annotated[str, Field(min_length=1)]
    """The resource group in which they are made: one that holds nothing else."""

    location: Annotated[str, Field(pattern=REGION)]
    """The region of container groups where a request names none: `westeurope`."""

    arm_endpoint: Annotated[str, Field(pattern=URL, min_length=1)] = "https://management.azure.com"
    """The management API of Azure; `http://` is taken for the local stand-in, and no token is sent.
    """

    worker_image: Annotated[str, Field(min_length=1)]
    """The image of the workers, with its tag or digest: `REGISTRY/NAME:TAG`."""

    worker_identity_id: str = ""
    """The resource id of the managed identity that workers have, and pull the image with."""

    worker_identity_client_id: str = ""
    """The client id of the same identity."""

    registry_server: str = ""
    """The registry that the image is pulled from as that identity; empty: without signing in."""

    subnet_id: str = ""
    """The resource id of the subnet that container groups join, where none is spot; empty: none."""

    postgresql_url: SecretStr = SecretStr("")
    """The database that rows go to, as `postgresql://USER@HOST:PORT/DATABASE?sslmode=…`.

    Workers that load into it are told of it, and no others.
    """

    sink_secret: SecretStr = SecretStr("")
    """What workers authenticate with at another sink: over HTTP the `Authorization` header."""

    http_hosts: str = ""
    """The hosts that a sink over HTTP may be at, separated by commas.

    `host` is https on port 443, `host:port` that port, in the clear too. Empty: none.
    """

    webhook_url: SecretStr = SecretStr("")
    """Who is [told of runs](notifications.md); empty: nobody.

    By https, or in the clear at a `host:port` of `ACI_JOBS_HTTP_HOSTS`.
    """

    webhook_secret: SecretStr = SecretStr("")
    """What signs that: `whsec_` and 24 to 64 random bytes in Base64; two while it is changed."""

    public_url: Annotated[str, Field(pattern=URL)] = ""
    """Where people reach the app: links in notifications and reports begin with it."""

    # By the names that Azure and OpenTelemetry give them.
    applicationinsights_connection_string: SecretStr = Field(
        default=SecretStr(""), validation_alias="APPLICATIONINSIGHTS_CONNECTION_STRING"
    )
    """The Application Insights that app and workers send telemetry to; empty: none."""

    otlp_endpoint: Annotated[str, Field(pattern=URL)] = Field(
        default="", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT"
    )
    """Where OpenTelemetry is sent over HTTP, besides or instead; empty: nowhere."""

    otlp_headers: SecretStr = Field(
        default=SecretStr(""), validation_alias="OTEL_EXPORTER_OTLP_HEADERS"
    )
    """Headers of that, as OpenTelemetry writes them: `name=value,name=value`."""

    trace_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    """The share of units whose work is in the trace of their run; what fails always is."""

    price_vcpu_second: Annotated[float, Field(ge=0)] = 0.0000113
    """Money for a vCPU and second of a container group, in any currency."""

    price_gb_second: Annotated[float, Field(ge=0)] = 0.0000012
    """Money for a GB of memory and second, in the same currency."""

    price_spot_discount: Annotated[float, Field(ge=0, le=1)] = 0.7
    """The share of the price by which spot is cheaper."""

    tick_seconds: Annotated[float, Field(gt=0)] = 15.0
    """Seconds between two looks of the app at a run: the pace of all that it decides."""

    seed_window: Annotated[int, Field(ge=1)] = 10_000
    """Messages that wait on a run's queue at most; it is filled up at each look."""

    seed_page: Annotated[int, Field(ge=1, le=1_000)] = 500
    """Messages that one activity puts on the queue."""

    retention_days: Annotated[float, Field(gt=0)] = 30.0
    """Days that the records, logs and dead letters of a run are kept after its end."""

    body_limit: Annotated[int, Field(ge=1_000)] = 1_000_000
    """Bytes that the body of a call may have."""

    worker_visibility_seconds: Annotated[float, Field(ge=2)] = 120.0
    """Seconds that a worker leases a message for, and renews it at half of; a killed worker's
    messages come back after it."""

    worker_idle_seconds: Annotated[float, Field(gt=0)] = 60.0
    """Seconds that a worker waits for more work before it leaves; they are billed."""

    worker_heartbeat_seconds: Annotated[float, Field(gt=0)] = 5.0
    """Seconds between two heartbeats of a worker."""

    worker_retry_seconds: Annotated[float, Field(gt=0)] = 5.0
    """Seconds until a unit that has failed is tried again; they double with each try."""

    @classmethod
    def read(cls) -> Self:
        """The settings of this process's environment.

        Raises:
            SettingsError: one is missing or wrong; each is named, with what is allowed.
        """
        try:
            return cls()
        except ValidationError as error:
            faults = error.errors(include_url=False)
            raise SettingsError("\n".join(map(cls._fault, faults))) from None

    @classmethod
    def names(cls) -> dict[str, str]:
        """The environment's name of each field."""
        return {
            name: str(field.validation_alias or f"ACI_JOBS_{name.upper()}")
            for name, field in cls.model_fields.items()
        }

    @classmethod
    def described(cls) -> dict[str, dict[str, Any]]:
        """The JSON schema of each setting, by its environment's name; secrets are `writeOnly`."""
        names, schema = cls.names(), cls.model_json_schema(by_alias=False)
        required = schema["required"]
        return {
            names[field]: {**members, "required": field in required}
            for field, members in schema["properties"].items()
        }

    @classmethod
    def _fault(cls, item: ErrorDetails) -> str:
        """One fault in one line; a validator of ours that looks at several fields names them."""
        if not item["loc"]:
            return str(item["ctx"]["error"])
        place = str(item["loc"][0])
        name = cls.names().get(place, place)
        if item["type"] == "missing":
            return f"{name} is missing"
        if item["type"] == "value_error":
            return f"{name}: {item['ctx']['error']}"
        shown = re.sub("//[^/@]*@", "//***@", repr(item["input"]))  # a password in an address
        return f"{name}={shown}: {allowed(cls.described()[name])} is needed"

    @field_validator("http_hosts")
    @classmethod
    def _are_hosts(cls, text: str) -> str:
        return ",".join(hosts.listed(text))

    @model_validator(mode="after")
    def _tells_somebody_it_may(self) -> Self:
        url = self.webhook_url.get_secret_value()
        if not url:
            return self
        if fault := _webhook_fault(url, self.http_hosts):
            raise ValueError(f"ACI_JOBS_WEBHOOK_URL: {fault}")
        try:
            signing.keys(self.webhook_secret.get_secret_value())
        except ValueError as error:
            raise ValueError(f"ACI_JOBS_WEBHOOK_SECRET: {error}") from None
        return self

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own idiom
    @property
    def prices(self) -> Prices:
        """What container groups cost, as a plan carries it."""
        return Prices(
            vcpu_second=self.price_vcpu_second,
            gb_second=self.price_gb_second,
            spot_discount=self.price_spot_discount,
        )


def allowed(schema: Mapping[str, Any]) -> str:
    """The values that a setting may have, in words, from its JSON schema."""
    if schema["type"] == "string":
        other = "text that is not empty" if "minLength" in schema else "text"
        return _WORDS.get(schema.get("pattern", ""), other)
    kind = "a whole number" if schema["type"] == "integer" else "a number"
    above, least, most = (schema.get(f) for f in ("exclusiveMinimum", "minimum", "maximum"))
    if above is not None:
        return f"{kind} above {above:,}"
    if most is None:
        return f"{kind} of at least {least:,}"
    return f"{kind} from {least:,} to {most:,}"


def _webhook_fault(url: str, listed: str) -> str:
    """Why a webhook must not be called; https may be anywhere, for the operator names it."""
    if not url.startswith("https://"):
        return hosts.fault(url, hosts.listed(listed))
    try:
        hosts.address(url)
    except ValueError as error:
        return str(error)
    return ""
