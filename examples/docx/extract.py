"""Extracts the text of one Word document into a blob beside it: `a.docx` becomes `a.docx.txt`.

The unit on standard input is `{"container": "landing", "path": "a.docx"}`. The same document gives
the same text, so that a unit may be done twice. Exit codes: 65 for what is no Word document, 66 for
one that is not there; on any other error, as while storage is away, the unit is tried again.
"""

import io
import json
import os
import sys
import zipfile
from xml.etree import ElementTree

from azure.core.exceptions import ResourceNotFoundError
from azure.identity import ManagedIdentityCredential
from azure.storage.blob import BlobServiceClient

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LARGEST = 64 << 20  # bytes of a document's text with its markup


def main() -> int:
    """Do the unit; the last line says what was made of it."""
    unit = json.load(sys.stdin)
    with open_storage() as storage:
        container = storage.get_container_client(unit["container"])
        try:
            text = text_of(container.download_blob(unit["path"]).readall())
        except ResourceNotFoundError:
            return refuse(os.EX_NOINPUT, f"{unit['path']}: there is no such document")
        except (zipfile.BadZipFile, KeyError, ValueError, ElementTree.ParseError) as error:
            return refuse(os.EX_DATAERR, f"{unit['path']} is no Word document: {error}")
        container.upload_blob(f"{unit['path']}.txt", text.encode(), overwrite=True)
    print(json.dumps({"records": {"document": 1, "line": text.count("\n")}}))
    return os.EX_OK


def text_of(document: bytes) -> str:
    """The words of a document, a line for each paragraph."""
    with zipfile.ZipFile(io.BytesIO(document)) as parts:
        part = parts.getinfo("word/document.xml")
        if part.file_size > LARGEST:
            raise ValueError(f"{part.file_size} bytes of markup; {LARGEST} are allowed")
        body = ElementTree.fromstring(parts.read(part))  # noqa: S314 - expat bounds entities
    breaks = {f"{WORD}p": "\n", f"{WORD}br": "\n", f"{WORD}tab": "\t"}
    words = (
        (element.text or "") if element.tag == f"{WORD}t" else breaks.get(str(element.tag), "")
        for element in body.iter()
    )
    return "".join(words).removeprefix("\n") + "\n"


def open_storage() -> BlobServiceClient:
    """By the worker's identity, or on an emulator by its connection string."""
    if connection := os.environ.get("AZURE_STORAGE_CONNECTION_STRING"):
        return BlobServiceClient.from_connection_string(connection)
    identity = ManagedIdentityCredential(client_id=os.environ.get("AZURE_CLIENT_ID"))
    return BlobServiceClient(os.environ["ACI_JOBS_BLOB_ENDPOINT"], identity)


def refuse(code: int, reason: str) -> int:
    """Say why; the last words are in the dead letter."""
    print(reason, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
