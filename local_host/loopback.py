"""HTTP to services on this machine."""

import ssl
from typing import Any

import httpx

# By default httpx reads the system's certificates for each call, which takes longer than the call.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def request(method: str, url: str, **options: Any) -> httpx.Response:
    """One call; no server that speaks TLS is trusted.

    Raises:
        httpx.TransportError: nobody answered.
    """
    return httpx.request(method, url, verify=NO_CERTIFICATES, **options)
