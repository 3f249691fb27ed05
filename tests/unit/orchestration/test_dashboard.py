"""The dashboard's document: whole in itself, and served with a policy that fits it."""

import hashlib
import re
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path

from support.tables import table

from orchestration import dashboard

FOLDER = Path(dashboard.__file__).parent
PAGE = dashboard.page()


class Reader(HTMLParser):
    """The addresses that the document refers to, and the text of its scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.handlers: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        for name, value in attrs:
            if name in ("src", "href", "action", "srcset"):
                self.addresses.append(value or "")
            if name.startswith("on") or name == "style":
                self.handlers.append(name)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.inline:
            self.inline[self._inside].append(data)


READER = Reader()
READER.feed(PAGE.content.decode())
POLICY = {
    name: sources.split()
    for name, _, sources in (each.partition(" ") for each in PAGE.policy.split("; "))
}


def test_the_document_refers_to_nothing_outside_itself() -> None:
    assert [each[:15] for each in READER.addresses] == ["data:image/svg+"]
    assert not re.search(r"@import|url\(", "".join(READER.inline["style"]))
    assert not re.search(r"\bimport\b\s*[('\"{*]", "".join(READER.inline["script"]))
    assert READER.handlers == [], "the policy would not let them run"


@table(
    "element",
    {"each script has its hash in the policy": "script", "and so has the style": "style"},
)
def test_the_policy_fits(element: str) -> None:
    hashes = [
        f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in READER.inline[element]
    ]
    assert hashes
    assert POLICY[f"{element}-src"] == hashes


def test_the_policy_lets_nothing_else_in_or_out() -> None:
    rest = {
        name: sources for name, sources in POLICY.items() if name[:6] not in ("script", "style-")
    }
    assert rest == {
        "default-src": ["'none'"],
        "connect-src": ["'self'"],
        "img-src": ["data:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }


def test_every_script_and_library_is_in_the_document() -> None:
    assert {path.name for path in FOLDER.glob("*.js")} == set(dashboard.SCRIPTS)
    assert {path.name for path in (FOLDER / "vendor").glob("*.js")} == set(dashboard.LIBRARIES)


def test_every_library_is_named_with_its_licence() -> None:
    readme = (FOLDER / "vendor" / "README.md").read_text()
    for path in (FOLDER / "vendor").iterdir():
        assert path.name == "README.md" or path.name in readme
