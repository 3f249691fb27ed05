"""The app's settings: read from the environment once, at the composition root."""

from typing import Annotated, Self

from pydantic import Field, SecretStr, computed_field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from worker_image.contract import hosts

from . import signing
from .model import Prices


class Settings(BaseSettings):
    """One field for each `ACI_JOBS_…` setting. Times are in seconds.

    Storage is reached by managed identity through the two endpoints; a connection string is for
    emulators alone. The same holds for the workers, who get what they need from here.

    `sink_secret` is what workers authenticate with at a sink other than PostgreSQL: of one over
    HTTP the `Authorization` header. `http_hosts` lists the hosts that such a sink may be at,
    separated by commas: `host` for https on port 443, or `host:port`.

    `webhook_url` is told of runs: by https, or in the clear at a `host:port` of `http_hosts`; none
    means nobody. `webhook_secret` signs what it is told. `public_url` is where people reach the
    app: links that it is told begin with it.

    Telemetry goes to Application Insights, to an OTLP endpoint (over HTTP, with headers as
    OpenTelemetry writes them), to both or to nobody. `trace_share` is the share of units whose
    work is in the trace of their run; what fails always is.
    """

    model_config = SettingsConfigDict(
        env_prefix="ACI_JOBS_",
        populate_by_name=True,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # the input has all secrets in it
    )

    blob_endpoint: str = ""
    queue_endpoint: str = ""
    storage_connection_string: SecretStr = SecretStr("")

    subscription_id: str
    resource_group: str
    location: str
    arm_endpoint: str = "https://management.azure.com"

    worker_image: str
    worker_identity_id: str = ""
    worker_identity_client_id: str = ""
    registry_server: str = ""
    postgresql_url: SecretStr = SecretStr("")
    sink_secret: SecretStr = SecretStr("")
    http_hosts: str = ""
    webhook_url: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")
    public_url: str = ""

    # By the names that Azure and OpenTelemetry give them.
    applicationinsights_connection_string: SecretStr = Field(
        default=SecretStr(""), validation_alias="APPLICATIONINSIGHTS_CONNECTION_STRING"
    )
    otlp_endpoint: str = Field(default="", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    otlp_headers: SecretStr = Field(
        default=SecretStr(""), validation_alias="OTEL_EXPORTER_OTLP_HEADERS"
    )
    trace_share: Annotated[float, Field(ge=0, le=1)] = 0.05

    price_vcpu_second: Annotated[float, Field(ge=0)] = 0.0000113
    price_gb_second: Annotated[float, Field(ge=0)] = 0.0000012
    price_spot_discount: Annotated[float, Field(ge=0, le=1)] = 0.7

    tick_seconds: Annotated[float, Field(gt=0)] = 15.0
    seed_window: Annotated[int, Field(ge=1)] = 10_000
    seed_page: Annotated[int, Field(ge=1, le=1_000)] = 500
    retention_days: Annotated[float, Field(gt=0)] = 30.0
    body_limit: Annotated[int, Field(ge=1_000)] = 1_000_000

    worker_visibility_seconds: Annotated[float, Field(ge=2)] = 120.0
    worker_idle_seconds: Annotated[float, Field(gt=0)] = 60.0
    worker_heartbeat_seconds: Annotated[float, Field(gt=0)] = 5.0
    worker_retry_seconds: Annotated[float, Field(gt=0)] = 5.0

    @classmethod
    def names(cls) -> dict[str, str]:
        """The environment's name of each field."""
        return {
            name: str(field.validation_alias or f"ACI_JOBS_{name.upper()}")
            for name, field in cls.model_fields.items()
        }

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


def _webhook_fault(url: str, listed: str) -> str:
    """Why a webhook must not be called; https may be anywhere, for the operator names it."""
    if not url.startswith("https://"):
        return hosts.fault(url, hosts.listed(listed))
    try:
        hosts.address(url)
    except ValueError as error:
        return str(error)
    return ""
