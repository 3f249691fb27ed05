"""What the page on notifications shows: payloads as they are, and checks that find a forgery."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.endpoint import Asked
from support.webhooks import SECRET, blocks, received

from orchestration.signing import headers, keys
from orchestration.views.notifications import Notification

BODY = b'{"type":"run.finished","data":{"text":"\xc3\xa9 %s $x"}}'


def asked(at: datetime, body: bytes = BODY, secret: str = SECRET) -> Asked:
    return Asked("POST", "/", headers(keys(secret), "r1-finished-0", at, body), body)


def test_the_payloads_of_the_page_are_payloads() -> None:
    shown = [json.loads(block) for block in blocks("json")]
    assert [block["type"] for block in shown] == ["run.threshold", "run.finished"]
    for block in shown:
        assert Notification.model_validate(block).model_dump(mode="json") == block


def test_python_takes_what_is_signed_and_nothing_else() -> None:
    now = datetime.now(UTC)
    assert received(asked(now)) == ("r1-finished-0", json.loads(BODY))
    assert received(asked(now, secret=f"whsec_{'A' * 32} {SECRET}"))
    with pytest.raises(ValueError, match="does not fit"):
        received(asked(now, secret=f"whsec_{'A' * 32}"))
    with pytest.raises(ValueError, match="does not fit"):
        received(Asked("POST", "/", asked(now).headers, BODY + b" "))
    with pytest.raises(ValueError, match="just now"):
        received(asked(now - timedelta(minutes=6)))


@pytest.mark.parametrize(("change", "code"), [(b"", 0), (b" ", 1)])
def test_bash_takes_what_is_signed_and_nothing_else(
    tmp_path: Path, change: bytes, code: int
) -> None:
    signed = asked(datetime.now(UTC))
    body = tmp_path / "body.json"
    body.write_bytes(BODY + change)
    members = {
        "SECRET": SECRET,
        "ID": signed.headers["webhook-id"],
        "TIMESTAMP": signed.headers["webhook-timestamp"],
        "SIGNATURE": signed.headers["webhook-signature"],
        "BODY": str(body),
    }
    (script,) = blocks("bash")
    checked = subprocess.run(
        ["/bin/bash", "-c", script], env={"PATH": os.environ["PATH"], **members}, check=False
    )
    assert checked.returncode == code
