"""The dashboard: one HTML document, assembled from the files beside this module.

It loads nothing: its scripts and its style are in it, and its policy lets no others run. It talks
to the API that serves it, and to nobody else.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

_FOLDER = Path(__file__).parent
LIBRARIES = ("uPlot.iife.min.js", "htm-preact.umd.js")
SCRIPTS = (
    "format.js",
    "api.js",
    "live.js",
    "elements.js",
    "wishes.js",
    "findings.js",
    "runs.js",
    "figures.js",
    "charts.js",
    "groups.js",
    "dead_letters.js",
    "logs.js",
    "report.js",
    "run.js",
    "app.js",
)
"""In this order they are one module: each knows the names of those before it."""


@dataclass(frozen=True)
class Page:
    """The document, and the Content-Security-Policy that it is served with."""

    content: bytes
    policy: str


@cache
def page() -> Page:
    """The page; the same at each call."""
    libraries = _joined(f"vendor/{name}" for name in LIBRARIES)
    script = _joined(SCRIPTS)
    style = _joined(("vendor/uPlot.min.css", "style.css"))
    frame = Template(_read("index.html"))
    content = frame.substitute(libraries=libraries, script=script, style=style)
    return Page(content.encode(), _policy((libraries, script), style))


def _policy(scripts: Iterable[str], style: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))}",
            f"style-src {_hash(style)}",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{b64encode(digest).decode()}'"


def _joined(names: Iterable[str]) -> str:
    return "\n".join(map(_read, names))


def _read(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")
