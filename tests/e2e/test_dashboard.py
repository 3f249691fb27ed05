"""The dashboard in a browser: runs are watched, read, and changed with its buttons."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright
from support.runs import Ground, until

pytestmark = pytest.mark.long

SCREENSHOTS = Path(__file__).parents[2] / ".local" / "screenshots"
WIDE = (1360, 900)
SHAPES = {"wide": WIDE, "phone": (360, 740)}
THEMES = {"light": "rgb(247, 247, 245)", "dark": "rgb(19, 20, 22)"}
SCRIPT = "<img src=x onerror=window.hurt=1>"
TOWNS = {
    "version": 1,
    "dataset": "towns",
    "records": {"town": {"count": 1, "fields": {"id": {"key": True}, "name": {"pattern": "??"}}}},
}
Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        assert not os.environ.get("CI"), "chromium is missing"
        pytest.skip("chromium is missing")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Browser, ground: Ground) -> Iterator[Opened]:
    """Open the dashboard; at the end nothing has failed in the page, nor gone elsewhere."""
    faults: list[str] = []
    addresses: set[str] = set()
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(20_000)
    expect.set_options(timeout=30_000)

    def open_page(place: str = "", size: tuple[int, int] = WIDE, theme: Any = "light") -> Page:
        page = context.new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=theme)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: addresses.add(request.url.partition("/api/")[0]))
        page.on("console", lambda said: faults.append(said.text) if "Policy" in said.text else None)
        page.goto(f"{ground.app.url}/api/dashboard?code={ground.app.key}{place}")
        page.evaluate("window.opened = true")
        return page

    yield open_page
    for page in context.pages:
        assert ground.app.key not in page.content()
        assert page.evaluate("[window.opened, window.hurt]") == [True, None], "one page, unharmed"
        sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(sideways) == 0
    context.close()
    assert faults == []
    assert {each for each in addresses if not each.startswith("data:")} == {ground.app.url}


def photograph(page: Page, name: str) -> None:
    """Keep what the page looks like, for people."""
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def ended_run(ground: Ground) -> str:
    run = ground.client.start(ground.nothing())
    until(lambda: ground.client.show(run)["report"])
    return run


def panel(page: Page, name: str) -> Any:
    return page.get_by_role("region", name=name, exact=True)


def state(page: Page) -> Any:
    return page.locator(".head .state")


def press(page: Page, label: str, confirm: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()
    page.get_by_role("button", name=confirm, exact=True).click()


def test_a_run_that_goes_on_is_watched(ground: Ground, opened: Opened) -> None:
    run = ground.client.start(
        {
            "kind": "command",
            "command": {"program": ["sleep", "60"]},
            "payloads": [0, 1, 2],
            "instances": {"count": 2, "cpu": 0.5, "memory_gb": 1},
        }
    )
    page = opened(f"#/runs/{run}")
    expect(panel(page, "Container groups")).to_contain_text("2 running")
    expect(page.get_by_text(re.compile("^units? ")).first).to_be_visible()
    photograph(page, "run-live")
    ground.client.call("POST", f"/runs/{run}/cancel")
    expect(state(page)).to_have_text("Cancelled")


def test_a_run_is_found_and_followed_to_its_end(ground: Ground, opened: Opened) -> None:
    run = ground.client.start(ground.pipeline(units=40))
    page = opened()
    row = page.get_by_role("row").filter(has_text=run)
    expect(row).to_contain_text("pipeline small")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=run)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"#/runs/{run}$"))
    expect(state(page)).to_have_text("Succeeded")
    expect(page.get_by_role("region", name="How it stands")).to_contain_text("40 of 40")
    expect(panel(page, "Report").get_by_role("row", name="ingest")).to_contain_text("40")
    assert page.locator("figure canvas").count() == 4
    photograph(page, "run-succeeded")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name=run)).to_be_focused()
    expect(row).to_contain_text("Succeeded")


def test_a_unit_that_failed_is_read_and_redriven(ground: Ground, opened: Opened) -> None:
    container, name = f"towns-{ground.schema.replace('_', '-')}", f"in/{SCRIPT}.ndjson"
    ground.store(container, "in/1.ndjson", b'{"type": "town", "id": 1, "name": "A"}')
    ground.store(container, name, b'{"type": "town", "id": 2, "na')
    run = ground.client.start(
        {
            "kind": "ingest",
            "dataset": TOWNS,
            "source": {"container": container, "prefix": "in/"},
            "sink": {"schema": ground.schema},
            "instances": {"count": 1, "cpu": 0.5, "memory_gb": 1},
        }
    )
    page = opened(f"#/runs/{run}")
    expect(state(page)).to_have_text("Completed with failures")
    letters = panel(page, "Dead letters")
    expect(letters).to_contain_text(SCRIPT)
    letters.get_by_role("button", name="First error").click()
    expect(letters).to_contain_text("Traceback")
    expect(letters).to_contain_text("delivered once · permanent")
    photograph(page, "run-with-failures")

    ground.store(container, name, b'{"type": "town", "id": 2, "name": "B"}')
    press(page, "Redrive 1", "Try them again")
    expect(state(page)).to_have_text("Succeeded")
    expect(letters).to_contain_text("No unit has failed for good.")
    assert ground.count("town") == 2


def test_a_run_is_paused_scaled_resumed_and_cancelled(ground: Ground, opened: Opened) -> None:
    run = ground.client.start(ground.pipeline(units=1_000))
    page = opened(f"#/runs/{run}")
    groups = panel(page, "Container groups")
    expect(groups).to_contain_text("2 running")
    press(page, "Pause", "Pause the run")
    expect(state(page)).to_have_text("Paused")
    expect(groups).to_contain_text("0 running")
    photograph(page, "run-paused")

    page.get_by_role("button", name="Scale", exact=True).click()
    count = page.get_by_label("Container groups", exact=True).and_(page.locator("input"))
    expect(count).to_be_focused()
    count.fill("101")
    page.get_by_role("button", name="Scale the run").click()
    expect(page.get_by_role("alert")).to_contain_text("count: it should be less than or equal")
    expect(count).to_have_value("101")
    photograph(page, "run-scale-refused")
    count.fill("1")
    page.get_by_role("button", name="Scale the run").click()
    expect(count).to_be_hidden()
    press(page, "Resume", "Resume the run")
    expect(groups).to_contain_text("1 running")

    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_label("Reason").fill(f"enough {SCRIPT}")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Reason")).to_be_hidden()
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("Reason").fill(f"enough {SCRIPT}")
    page.keyboard.press("Enter")
    expect(state(page)).to_have_text("Cancelled")
    expect(page.get_by_text(f"enough {SCRIPT}")).to_be_visible()
    page.keyboard.press("Escape")
    row = page.get_by_role("row").filter(has_text=run)
    expect(row).to_contain_text(f"enough {SCRIPT}")


def test_while_the_app_is_away_the_last_word_stays(ground: Ground, opened: Opened) -> None:
    run = ended_run(ground)
    page = opened(f"#/runs/{run}")
    expect(state(page)).to_have_text("Succeeded")
    page.route("**/api/runs/**", lambda route: route.abort())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # it is looked at again
    reach = page.get_by_role("status")
    expect(reach).to_contain_text(re.compile(r"not reached since \d\d:\d\d:\d\d"))
    expect(state(page)).to_have_text("Succeeded")
    photograph(page, "away")
    page.unroute("**/api/runs/**")
    expect(reach).to_be_empty()


def test_findings_and_logs_are_text_whatever_they_say(ground: Ground, opened: Opened) -> None:
    run = ended_run(ground)
    page = opened()
    page.route("**/doctor", _answering({"checked": "2026-01-01T00:00:00Z", "findings": FINDINGS}))
    page.route("**/logs?**", _answering({"lines": LINES, "more": False}))
    page.get_by_role("link", name=run).click()
    found = page.get_by_role("list", name="What the doctor found").get_by_role("listitem")
    expect(found).to_have_count(2)
    expect(found.first).to_contain_text(f"error {SCRIPT}")
    panel(page, "Logs").get_by_role("button", name="Open").click()
    expect(page.get_by_role("log")).to_contain_text(f"loaded {SCRIPT}")
    photograph(page, "findings-and-logs")


FINDINGS = [
    {"code": "a", "severity": "info", "run": None, "what": "all well", "why": "", "next": ""},
    {"code": "b", "severity": "error", "run": None, "what": SCRIPT, "why": SCRIPT, "next": SCRIPT},
]
LINES = [
    {
        "time": "2026-01-01T00:00:00Z",
        "level": "ERROR",
        "message": f"loaded {SCRIPT}",
        "worker": "r-001-01",
        "stage": "ingest",
        "unit": 7,
        "error": SCRIPT,
    }
]


def _answering(content: Any) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=json.dumps(content), content_type="application/json")


def test_the_page_takes_the_shape_of_its_reader(ground: Ground, opened: Opened) -> None:
    run = ended_run(ground)
    colour = "getComputedStyle(document.body).backgroundColor"
    for (shape, size), (theme, expected) in product(SHAPES.items(), THEMES.items()):
        page = opened("#/runs", size, theme)
        expect(page.get_by_role("link", name=run)).to_be_visible()
        assert page.evaluate(colour) == expected
        photograph(page, f"runs-{shape}-{theme}")
        page.get_by_role("link", name=run).click()
        expect(panel(page, "Report")).to_be_visible()
        photograph(page, f"run-{shape}-{theme}")


def test_a_choice_of_colours_is_kept(ground: Ground, opened: Opened) -> None:
    page = opened()
    for shown in ("light", "dark"):
        page.get_by_role("button", name="Colours:").click()
        expect(page.get_by_role("button", name=f"Colours: {shown}")).to_be_visible()
    page.reload()
    page.evaluate("window.opened = true")
    expect(page.get_by_role("button", name="Colours: dark")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == THEMES["dark"]


def test_runs_are_filtered_by_an_address_that_can_be_sent(ground: Ground, opened: Opened) -> None:
    run = ended_run(ground)
    page = opened(f"#/runs?state=Succeeded&text={run}")
    expect(page.get_by_role("row")).to_have_count(2)
    page.keyboard.press("/")
    field = page.get_by_role("searchbox")
    expect(field).to_be_focused()
    field.fill("no run is called like this")
    expect(page.get_by_text("No run is like this.")).to_be_visible()
    assert "text=no+run" in page.url
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next run")

    page = opened(f"#/runs/{run}")
    expect(state(page)).to_have_text("Succeeded")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_a_run_that_is_not_there_is_told_in_the_words_of_the_api(
    ground: Ground, opened: Opened
) -> None:
    page = opened("#/runs/r990101-000000-aaaaa")
    expect(page.get_by_role("alert")).to_have_text("there is no run 'r990101-000000-aaaaa'")
