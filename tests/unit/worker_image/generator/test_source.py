"""Reading a document: data alone, and never more work than its size."""

import pytest

from worker_image.errors import PermanentError
from worker_image.generator import SpecError, load


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: 1\nb: [x, -2.5, 1e3, .5]", {"a": 1, "b": ["x", -2.5, 1000.0, 0.5]}),
        ("[true, false, null, ~]", [True, False, None, None]),
        ("{null: 0.9, 1: no, on: off}", {"null": 0.9, "1": "no", "on": "off"}),
        ("[01234, 2025-11-01, 12:30:00]", ["01234", "2025-11-01", "12:30:00"]),
        ('{"a": "\\ud83c\\udf77", "b": 1}', {"a": "🍷", "b": 1}),
        ("{a: flow yaml}", {"a": "flow yaml"}),
        ("name: 'Käse'".encode(), {"name": "Käse"}),
        ("", None),
    ],
)
def test_reads_yaml_1_2_and_json(text: str | bytes, data: object) -> None:
    assert load(text) == data


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: !!python/object/apply:os.system [id]", "tags"),
        ("a: !custom 1", "tags"),
        ("a: &x [1]\nb: *x", "anchors"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]", "anchors"),
        ("a: 1\na: 2", "twice"),
        ('{"a": 1, "a": 2}', "twice"),
        ("[" * 1000 + "]" * 1000, "levels"),
        ("[" * 500_000, "levels"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deep|recursion|levels"),
        ("x" * ((1 << 20) + 1), "at most 1048576 bytes"),
        ("a: [1", "expected"),
        ("a: 1\n---\nb: 2", "single document"),
        ("? [a, b]\n: 1", "scalar|unhashable"),
        (b"a: \xff\xfe", "decode|invalid|unacceptable"),
        ("a: \0", "unacceptable|special characters|control"),
        ("a: " + "9" * 5000, "digits|Exceeds"),
    ],
)
def test_refuses_what_is_not_plain_data(text: str | bytes, reason: str) -> None:
    with pytest.raises(SpecError, match=f"(?i){reason}") as caught:
        load(text)
    assert len(caught.value.problems) == 1
    assert isinstance(caught.value, PermanentError)
