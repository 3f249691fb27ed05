"""A listener that speaks the beginning of PostgreSQL's protocol, up to its certificate."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from local_host.services.ports import HOST

_REQUEST_BYTES = 8


def certificate(folder: Path, name: str) -> Path:
    """A file with a key and a certificate that it has signed itself, for a host of this name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject, now = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]),
        datetime.now(UTC),
    )
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    file = folder / f"{name}.pem"
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password)
    file.write_bytes(secret + signed.public_bytes(pem))
    return file


@contextlib.contextmanager
def tls_listener(file: Path) -> Iterator[int]:
    """The port of a server that shows this certificate and then hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, context))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError):  # it was shut down
        while True:
            client, _ = listener.accept()
            with client, contextlib.suppress(OSError):
                client.recv(_REQUEST_BYTES)
                client.sendall(b"S")
                with context.wrap_socket(client, server_side=True) as encrypted:
                    encrypted.recv(1)
