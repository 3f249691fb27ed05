"""Lists in files of their own become part of the specification, or it is said what is wrong."""

import json
from typing import Any

import pytest
from support.generator import document, rows_of

from worker_image.generator import SpecError, compile_dataset, parse, resolve
from worker_image.generator.lists import VALUES_LIMIT

CHOICE = {"of": "cities.csv", "column": "name"}


def resolved(content: bytes | None, **choice: Any) -> Any:
    """The choice with a file of this content."""
    asked: list[str] = []

    def read(path: str) -> bytes | None:
        asked.append(path)
        return content

    found = resolve(document(x={"choice": {**CHOICE, **choice}}), read)
    assert asked == ["cities.csv"]
    return found["records"]["row"]["fields"]["x"]["choice"]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"name\nBern\nChur\n", ["Bern", "Chur"]),
        (b"name\nBern\nChur", ["Bern", "Chur"]),
        (b"\xef\xbb\xbfname\r\nBern\r\nChur\r\n", ["Bern", "Chur"]),
        ("id,name\n1,Zürich\n2,東京\n".encode(), ["Zürich", "東京"]),
        (b'name,id\n"a, ""b""\nc",1\n\nd,2\n', ['a, "b"\nc', "d"]),
        (b'name\n""\nx\n', ["", "x"]),
        (b"name,other\nx,\n", ["x"]),
    ],
)
def test_takes_a_column(content: bytes, names: list[str]) -> None:
    assert resolved(content) == {"values": names}


def test_takes_weights_and_leaves_the_rest_as_it_is() -> None:
    taken = resolved(b"name,size\na,3\nb,0.5\nc, 1e3\n", weights="size", in_order=True)
    assert taken == {"values": ["a", "b", "c"], "weights": [3, 0.5, 1000], "in_order": True}


def test_a_list_may_be_anywhere() -> None:
    of = {"choice": {**CHOICE}, "null": 0.1}
    spec = document(
        x={"array": {"of": {"object": {"city": of}}, "max": 2}},
        choice={"choice": ["of", "column"]},
    )
    before = json.dumps(spec)
    found = resolve(spec, lambda _: b"name\nBern\n")
    assert json.dumps(spec) == before
    element = found["records"]["row"]["fields"]["x"]["array"]["of"]["object"]["city"]
    assert element == {"choice": {"values": ["Bern"]}, "null": 0.1}
    rows = rows_of(compile_dataset(parse(found), 1).unit(0))["row"]
    assert {city for row in rows for one in row["x"] for city in one.values()} == {"Bern", None}


@pytest.mark.parametrize(
    "part", [None, 1, "x", [1], {"choice": [1]}, {"choice": {"of": 3, "b": 1}}, {"choice": None}]
)
def test_leaves_what_is_no_list_of_a_file(part: Any) -> None:
    assert resolve(part, lambda _: pytest.fail("nothing is to be read")) == part


@pytest.mark.parametrize(
    ("content", "choice", "place", "value", "reason"),
    [
        (None, {}, "of", "cities.csv", "there is no such file"),
        (b"", {}, "of", "cities.csv", "0 values; 1 to 100000 are allowed"),
        (b"name\n", {}, "of", "cities.csv", "0 values; 1 to 100000 are allowed"),
        (b"name\nZ\xfcrich\n", {}, "of", "cities.csv", "not CSV in UTF-8"),
        (b'name\n"a\n', {}, "of", "cities.csv", "not CSV in UTF-8"),
        (b'name\n"a"b\n', {}, "of", "cities.csv", "not CSV in UTF-8"),
        (b"name\n" + b"x" * 200_000, {}, "of", "cities.csv", "larger than field limit"),
        (b"name,id\na,1\nb\n", {}, "of", "cities.csv", "line 3 has 1 values, not 2"),
        (b'name,id\n"a\nb",1\nc,2,3\n', {}, "of", "cities.csv", "line 4 has 3 values, not 2"),
        (b"name\na,1\n", {"column": "nam"}, "of", "cities.csv", "line 2 has 2 values, not 1"),
        (b"name,id\na,1\n", {"column": "nam"}, "column", "nam", "did you mean name"),
        (b"name,id\na,1\n", {"column": None}, "column", None, "allowed: id, name"),
        (b"name,id\na,1\n", {"column": ["name"]}, "column", ["name"], "allowed: id, name"),
        (b"name,name\na,b\n", {}, "column", "name", "more than one column"),
        (b"name,id\na,1\n", {"weights": "size"}, "weights", "size", "allowed: id, name"),
        (b"name,id\na,x\n", {"weights": "id"}, "weights", "x", "number above 0"),
        (b"name,id\na,\n", {"weights": "id"}, "weights", "", "number above 0"),
        (b"name,id\na,nan\n", {"weights": "id"}, "weights", "nan", "number above 0"),
        (b"name,id\na,inf\n", {"weights": "id"}, "weights", "inf", "number above 0"),
        (b"name,id\na,0\n", {"weights": "id"}, "weights", "0", "number above 0"),
        (b"name,id\na,-1\n", {"weights": "id"}, "weights", "-1", "number above 0"),
    ],
)
def test_refuses_a_list(
    content: bytes | None, choice: Any, place: str, value: object, reason: str
) -> None:
    with pytest.raises(SpecError) as caught:
        resolved(content, **choice)
    (problem,) = caught.value.problems
    assert problem.path == f"records.row.fields.x.choice.{place}"
    assert problem.value == value
    assert reason in problem.reason


def test_as_many_values_as_are_allowed() -> None:
    lines = "\n".join(map(str, range(VALUES_LIMIT))).encode()
    assert len(resolved(b"name\n" + lines)["values"]) == VALUES_LIMIT
    with pytest.raises(SpecError, match="100001 values; 1 to 100000 are allowed"):
        resolved(b"name\n" + lines + b"\nmore")


def test_finds_all_lists_that_cannot_be_had() -> None:
    spec = document(x={"choice": CHOICE}, y={"choice": {**CHOICE, "of": "b"}})
    with pytest.raises(SpecError) as caught:
        resolve(spec, lambda _: None)
    assert [problem.value for problem in caught.value.problems] == ["cities.csv", "b"]


@pytest.mark.parametrize(
    ("option", "reason"), [("wieghts", "did you mean weights"), ("columns", "allowed: in_order")]
)
def test_an_unknown_option_is_still_refused(option: str, reason: str) -> None:
    spec = resolve(document(x={"choice": {**CHOICE, option: "id"}}), lambda _: b"name,id\na,1\n")
    with pytest.raises(SpecError, match=reason):
        parse(spec)


def test_what_is_nested_too_deep_is_left_to_be_refused() -> None:
    deep: Any = 1
    for level in range(5000):
        deep = {"a": deep} if level % 2 else [deep]
    assert resolve(deep, lambda _: None)
    with pytest.raises(SpecError, match="at most 32 levels"):
        parse(deep)
