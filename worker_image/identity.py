"""The worker's managed identity, where it has one."""

from azure.core.credentials import TokenCredential

from .contract import WorkerEnvironment
from .errors import PermanentError

POSTGRESQL_SCOPE = "https://ossrdbms-aad.database.windows.net/.default"
IN_THE_CLEAR = ("disable", "allow", "prefer")


def credential(environment: WorkerEnvironment) -> TokenCredential | None:
    """What storage and database are reached with; None with a connection string, which has it all.

    Its endpoint may not answer in a container's first seconds: the calls that need it try again.
    """
    if environment.storage_connection_string:
        return None
    # Half a second of imports that no emulator needs.
    from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - as said

    return ManagedIdentityCredential(client_id=environment.identity_client_id or None)


def postgresql_url(url: str, identity: TokenCredential | None) -> str:
    """How to open a connection now: a URL without a password gets the identity's token for one.

    Raises:
        PermanentError: there is no URL, it is none, or the token would go out in the clear.
    """
    # A tenth of a second of imports that ingest alone needs.
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 - as said

    from .ingester.postgresql.connecting import parse  # noqa: PLC0415 - as said

    if not url:
        raise PermanentError("ACI_JOBS_POSTGRESQL_URL is missing")
    given = parse(url)
    if identity is None or "password" in given:
        return url
    if given.get("sslmode") in IN_THE_CLEAR:
        mode = given["sslmode"]
        raise PermanentError(f"ACI_JOBS_POSTGRESQL_URL: sslmode={mode} would show a token to all")
    return make_conninfo(**given, password=identity.get_token(POSTGRESQL_SCOPE).token)
