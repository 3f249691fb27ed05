"""Batches over HTTP to an endpoint on loopback: what is sent, again and again, and what is not."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.endpoint import Answer, Asked, Endpoint, endpoint
from support.ingester import document
from support.tables import table

from worker_image.errors import PermanentError, TargetBusyError
from worker_image.ingester import Surroundings
from worker_image.ingester.http import HttpSink, open_sink

TOKEN = "t0psecret"
THINGS = [{"type": "thing", "id": number} for number in range(1, 8)]


class Sleeps(list[float]):
    """What was slept, in no time."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def shop() -> Iterator[Endpoint]:
    with endpoint() as running:
        yield running


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


@pytest.fixture
def opened(shop: Endpoint, sleeps: Sleeps) -> Iterator[Callable[..., HttpSink]]:
    """Sinks of three rows a batch, with other members where a test needs them."""
    sinks = []

    def open_(secret: str = f"Bearer {TOKEN}", **members: Any) -> HttpSink:
        given = {"kind": "http", "url": shop.url, "batch_rows": 3, **members}
        surroundings = Surroundings(lambda: "", secret, http_hosts=(shop.host,))
        sinks.append(open_sink(given, surroundings, sleeps))
        return sinks[-1]

    yield open_
    for sink in sinks:
        sink.close()


@pytest.fixture
def sink(opened: Callable[..., HttpSink]) -> HttpSink:
    return opened()


def keys(asked: list[Asked]) -> list[str]:
    return [each.headers["Idempotency-Key"] for each in asked]


# ------------------------------------------------------------------------------ what is sent


@table(
    "format_, content_type, decode",
    {
        "lines": ("ndjson", "application/x-ndjson", lambda b: list(map(orjson.loads, b.split()))),
        "an array": ("json", "application/json", orjson.loads),
    },
)
def test_rows_are_sent_in_batches_of_a_record_type(
    opened: Callable[..., HttpSink],
    shop: Endpoint,
    format_: str,
    content_type: str,
    decode: Callable[[bytes], Any],
) -> None:
    sink = opened(format=format_)
    sink.prepare(())
    loaded = sink.load(document(*THINGS, {"type": "Größe\n", "cm": 1}))
    sink.finish(())
    assert (loaded.rows, loaded.repeated) == ({"thing": 7, "Größe\n": 1}, False)
    sent = [(each.headers["Record-Type"], decode(each.body)) for each in shop.asked]
    assert sent == [
        ("thing", [{"id": 1}, {"id": 2}, {"id": 3}]),
        ("thing", [{"id": 4}, {"id": 5}, {"id": 6}]),
        ("thing", [{"id": 7}]),
        ("Gr%C3%B6%C3%9Fe%0A", [{"cm": 1}]),
    ]
    assert {each.headers["Content-Type"] for each in shop.asked} == {content_type}
    assert {each.headers["Authorization"] for each in shop.asked} == {f"Bearer {TOKEN}"}
    assert {each.path for each in shop.asked} == {"/rows?of=shop"}


def test_without_a_secret_nothing_else_authorizes(
    opened: Callable[..., HttpSink],
    shop: Endpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "netrc").write_text("default login u password p\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    opened(secret="").load(document(*THINGS))
    assert len(shop.asked) == 3
    assert [each for each in shop.asked if "Authorization" in each.headers] == []


# ------------------------------------------------------------------------------ once


def test_a_document_that_failed_in_the_middle_is_sent_again_the_same(
    sink: HttpSink, shop: Endpoint
) -> None:
    shop.script = [Answer(), Answer(400)]
    with pytest.raises(PermanentError):
        sink.load(document(*THINGS))
    first, shop.asked = shop.asked, []
    assert sink.load(document(*THINGS)).rows == {"thing": 7}
    again = [(each.body, key) for each, key in zip(shop.asked, keys(shop.asked), strict=True)]
    assert [(each.body, key) for each, key in zip(first, keys(first), strict=True)] == again[:2]
    assert len(set(keys(shop.asked))) == 3


@table(
    "change, members",
    {
        "another version": ({"etag": "2"}, {}),
        "another document": ({"name": "in/e.ndjson"}, {}),
        "rows cut in another way": ({}, {"batch_rows": 4}),
        "written in another way": ({}, {"format": "json"}),
    },
)
def test_other_batches_have_other_keys(
    opened: Callable[..., HttpSink], shop: Endpoint, change: dict[str, Any], members: dict[str, Any]
) -> None:
    same = [{"type": "thing", "id": 1}] * 6
    opened().load(document(*same))
    opened(**members).load(document(*same, **change))
    assert len(shop.asked) == len(set(keys(shop.asked))) == 4


# ------------------------------------------------------------------------------ turned away


def asking(status: int, wait: str) -> Answer:
    return Answer(status, "later", {"Retry-After": wait})


@table(
    "script, slept",
    {
        "the pause that it asks for": ([asking(503, "7"), asking(429, "30")], [7, 30]),
        "pauses of its own": ([Answer(429), Answer(503), Answer(500)], [1, 2, 4]),
        "a time that is over": ([asking(503, "Fri, 31 Dec 1999 23:59:59 GMT")], [1]),
        "no time at all": ([asking(429, "soon"), asking(503, "-5")], [1, 2]),
        "a word of others": ([asking(502, "7"), asking(408, "7"), asking(425, "7")], [1, 2, 4]),
        "no answer": ([Answer(0)], [1]),
    },
)
def test_a_batch_that_is_turned_away_is_sent_again_after_a_while(
    sink: HttpSink, shop: Endpoint, sleeps: Sleeps, script: list[Answer], slept: list[float]
) -> None:
    shop.script = list(script)
    assert sink.load(document(*THINGS[:2])).rows == {"thing": 2}
    assert sleeps == slept
    assert len(shop.asked) == len(script) + 1
    assert len({each.body for each in shop.asked}) == len(set(keys(shop.asked))) == 1


@table(
    "script, slept, wait, reason",
    {
        "too often": ([asking(503, "5")] * 4, [5, 5, 5], 5, "answered 503: later"),
        "without a word": ([Answer(500)] * 4, [1, 2, 4], 0, "answered 500: "),
        "too long": ([asking(429, "31")], [], 31, "answered 429: later"),
        "for ever": ([asking(429, "9" * 400)], [], 900, "answered 429: later"),
        "to a day": ([asking(503, "Fri, 31 Dec 9999 23:59:59 GMT")], [], 900, "answered 503"),
        "no answer": ([Answer(0)] * 4, [1, 2, 4], 0, "Connection aborted"),
    },
)
def test_an_endpoint_that_stays_busy_turns_the_unit_away(
    sink: HttpSink,
    shop: Endpoint,
    sleeps: Sleeps,
    script: list[Answer],
    slept: list[float],
    wait: float,
    reason: str,
) -> None:
    shop.script = [Answer(), *script]
    with pytest.raises(TargetBusyError) as caught:
        sink.load(document(*THINGS))
    assert (sleeps, caught.value.wait) == (slept, wait)
    place = f"d.ndjson: batch 2, rows 4 to 6 of thing: {shop.host}"
    assert str(caught.value).startswith(place)
    assert reason in str(caught.value)


def test_an_endpoint_that_is_away_turns_the_unit_away(sleeps: Sleeps) -> None:
    with endpoint() as gone:
        pass
    surroundings = Surroundings(lambda: "", http_hosts=(gone.host,))
    sink = open_sink({"url": gone.url}, surroundings, sleeps)
    with closing(sink), pytest.raises(TargetBusyError, match="Connection refused") as caught:
        sink.load(document(*THINGS))
    assert sleeps == [1, 2, 4]
    assert "of=shop" not in str(caught.value)


# ------------------------------------------------------------------------------ refused


@pytest.mark.parametrize("status", [301, 304, 307, 400, 401, 404, 409, 413, 422])
def test_a_batch_that_is_refused_is_no_case_for_a_retry(
    sink: HttpSink, shop: Endpoint, sleeps: Sleeps, status: int
) -> None:
    shop.script = [Answer(), Answer(status, "é" * 299 + "nö", {"Location": "/elsewhere"})]
    with pytest.raises(PermanentError) as caught:
        sink.load(document(*THINGS))
    redirect = ", a redirect that is not followed: /elsewhere"
    said = redirect if status < 400 else f": {'é' * 299}n"
    place = f"d.ndjson: batch 2, rows 4 to 6 of thing: {shop.host}"
    assert str(caught.value) == f"{place} answered {status}{said}"
    assert [each.path for each in shop.asked] == ["/rows?of=shop"] * 2
    assert sleeps == []


@pytest.mark.parametrize("status", [401, 500])
def test_a_secret_that_comes_back_is_masked(sink: HttpSink, shop: Endpoint, status: int) -> None:
    shop.script = [Answer(status, f"{'x' * 290}Bearer {TOKEN} and {TOKEN}")] * 4
    with pytest.raises((PermanentError, TargetBusyError)) as caught:
        sink.load(document(*THINGS))
    assert TOKEN[:3] not in str(caught.value)
    assert str(caught.value).endswith("x*** and **")


def test_a_line_that_cannot_be_read_ends_the_load(sink: HttpSink) -> None:
    with pytest.raises(PermanentError, match=r"d\.ndjson, line 8"):
        sink.load(document(*THINGS, b"{"))


@table(
    "members, reason",
    {
        "another host": ({"url": "http://127.0.0.2:80/"}, "ACI_JOBS_HTTP_HOSTS"),
        "another port": ({"url": "http://127.0.0.1:1/"}, "127.0.0.1:1 is not allowed"),
        "a user": ({"url": "http://u:pw@127.0.0.1/"}, "sink.url: a URL without a user name"),
        "no URL": ({"url": ""}, "sink.url: a URL that begins with"),
        "another format": ({"format": "xml"}, "sink.format: 'xml'; ndjson or json"),
        "a secret of two lines": ({"secret": f"{TOKEN}\nX: y"}, "ACI_JOBS_SINK_SECRET"),
        "a secret after a space": ({"secret": f" {TOKEN}"}, "ACI_JOBS_SINK_SECRET"),
        "a secret that is no ASCII": ({"secret": f"{TOKEN}é"}, "ACI_JOBS_SINK_SECRET"),
    },
)
def test_what_must_not_be_sent_opens_no_sink(
    opened: Callable[..., HttpSink], members: dict[str, Any], reason: str
) -> None:
    with pytest.raises(PermanentError) as caught:
        opened(**members)
    assert reason in str(caught.value)
    assert TOKEN not in str(caught.value)
