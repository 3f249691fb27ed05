"""Signatures as others make and check them."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from support.tables import table

from orchestration.signing import headers, keys

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(bytes(range(64))).decode()
AT = datetime.fromtimestamp(1614265330.9, UTC)
NAME, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'


def test_the_signature_that_every_library_of_the_standard_gives() -> None:
    assert headers(keys(SECRET), NAME, AT, BODY) == {
        "webhook-id": NAME,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_sign_side_by_side() -> None:
    both = headers(keys(f"{OTHER} {SECRET}"), NAME, AT, BODY)["webhook-signature"].split(" ")
    mac = hmac.new(bytes(range(64)), b"%s.1614265330.%s" % (NAME.encode(), BODY), hashlib.sha256)
    assert both[0] == f"v1,{base64.b64encode(mac.digest()).decode()}"
    assert both[1] == headers(keys(SECRET), NAME, AT, BODY)["webhook-signature"]


@table(
    "secrets",
    {
        "none": "",
        "no prefix": SECRET.removeprefix("whsec_"),
        "no Base64": "whsec_not!base64not!base64not!base64",
        "too short": "whsec_" + base64.b64encode(bytes(23)).decode(),
        "too long": "whsec_" + base64.b64encode(bytes(65)).decode(),
        "a second that is none": f"{SECRET} whsec_",
    },
)
def test_secrets_that_are_none_are_refused_without_being_shown(secrets: str) -> None:
    with pytest.raises(ValueError, match="24 to 64") as caught:
        keys(secrets)
    assert not secrets or secrets not in str(caught.value)
