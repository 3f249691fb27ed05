import pytest
from azure.core.credentials import AccessToken
from psycopg.conninfo import conninfo_to_dict

from worker_image import identity
from worker_image.contract import ConfigurationError, WorkerEnvironment
from worker_image.errors import PermanentError
from worker_image.storage import connect

ENDPOINTS = WorkerEnvironment(
    run="r1",
    worker="w1",
    queue_endpoint="https://acc.queue.core.windows.net",
    blob_endpoint="https://acc.blob.core.windows.net",
    identity_client_id="0f0f0f0f-0000-0000-0000-000000000000",
)


class Known:
    """A credential that has its token already."""

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        return AccessToken(f"token for {scopes[0]}", 2**40)


def test_endpoints_are_reached_by_the_managed_identity() -> None:
    credential = identity.credential(ENDPOINTS)
    assert type(credential).__name__ == "ManagedIdentityCredential"
    queues, blobs = connect(ENDPOINTS, credential)
    assert (queues.account_name, blobs.account_name) == ("acc", "acc")


def test_a_connection_string_needs_no_identity() -> None:
    text = "AccountName=acc;AccountKey=a2V5"
    environment = WorkerEnvironment(run="r1", worker="w1", storage_connection_string=text)
    assert identity.credential(environment) is None
    assert connect(environment, None)[1].account_name == "acc"


def test_an_identity_is_not_sent_in_the_clear() -> None:
    environment = WorkerEnvironment(
        run="r1", worker="w1", queue_endpoint="http://q", blob_endpoint="http://b"
    )
    with pytest.raises(ConfigurationError, match="HTTPS"):
        connect(environment, Known())


def test_the_identity_stands_for_a_password() -> None:
    url = identity.postgresql_url("postgresql://worker@db.example/d?sslmode=require", Known())
    assert conninfo_to_dict(url) == {
        "user": "worker",
        "host": "db.example",
        "dbname": "d",
        "sslmode": "require",
        "password": f"token for {identity.POSTGRESQL_SCOPE}",
    }


@pytest.mark.parametrize("mode", identity.IN_THE_CLEAR)
def test_the_identity_is_not_told_to_a_database_in_the_clear(mode: str) -> None:
    with pytest.raises(PermanentError, match=f"sslmode={mode}"):
        identity.postgresql_url(f"postgresql://worker@db.example/d?sslmode={mode}", Known())


def test_a_url_that_is_none_is_not_repeated() -> None:
    with pytest.raises(PermanentError) as caught:
        identity.postgresql_url("postgresql://worker:%zzsecret@db.example/d", Known())
    assert "ACI_JOBS_POSTGRESQL_URL" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_password_in_the_url_is_used() -> None:
    url = "postgresql://worker:pw@db.example/d"
    assert identity.postgresql_url(url, Known()) == url


def test_without_an_identity_the_url_has_it_all() -> None:
    url = "postgresql:///d?host=/run/socket"
    assert identity.postgresql_url(url, None) == url


def test_a_missing_url_is_named() -> None:
    with pytest.raises(PermanentError, match="ACI_JOBS_POSTGRESQL_URL"):
        identity.postgresql_url("", None)
