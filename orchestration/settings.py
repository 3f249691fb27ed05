"""The app's settings: read from the environment once, at the composition root."""

from typing import Annotated

from pydantic import Field, SecretStr, computed_field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from worker_image.contract import hosts

from .model import Prices


class Settings(BaseSettings):
    """One field for each `ACI_JOBS_…` setting. Times are in seconds.

    Storage is reached by managed identity through the two endpoints; a connection string is for
    emulators alone. The same holds for the workers, who get what they need from here.

    `sink_secret` is what workers authenticate with at a sink other than PostgreSQL: of one over
    HTTP the `Authorization` header. `http_hosts` lists the hosts that such a sink may be at,
    separated by commas: `host` for https on port 443, or `host:port`.
    """

    model_config = SettingsConfigDict(env_prefix="ACI_JOBS_", frozen=True, extra="ignore")

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

    @field_validator("http_hosts")
    @classmethod
    def _are_hosts(cls, text: str) -> str:
        return ",".join(hosts.listed(text))

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own idiom
    @property
    def prices(self) -> Prices:
        """What container groups cost, as a plan carries it."""
        return Prices(
            vcpu_second=self.price_vcpu_second,
            gb_second=self.price_gb_second,
            spot_discount=self.price_spot_discount,
        )
