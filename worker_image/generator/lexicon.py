"""Vocabularies compiled when the image is built, so that a worker starts without Faker.

`python -m worker_image.generator en_US de_DE` writes what Faker has to say in these locales beside
this module, a file for each provider; what is not there every worker finds out anew.
"""

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .phrases import Deck, Weighted
from .spelling import digits

FOLDER = Path(__file__).parent / "lexicon_files"
WORDS = "text words"  # no provider has a name with a space
_LONGEST = 200_000  # characters of a file: what is larger costs every image more than few workers


def read(locale: str, provider: str) -> Weighted | None:
    """What a provider gives without arguments; None if it was not compiled."""
    content = _content(locale, provider)
    if content is None:
        return None
    decks = [_deck(*deck) for deck in content["decks"]]
    return [
        (weight, [part if isinstance(part, str) else decks[part] for part in parts])
        for weight, parts in content["patterns"]
    ]


def words(locale: str) -> tuple[str, ...] | None:
    """The words that sentences of a locale are made of; None if they were not compiled."""
    content = _content(locale, WORDS)
    return None if content is None else tuple(content)


def has(locale: str) -> bool:
    """Whether a locale was compiled."""
    return _file(locale, WORDS).exists()


def write(locale: str, provider: str, patterns: Weighted) -> None:
    """Keep what a provider gives: its decks once, however many patterns they are in."""
    known = dict.fromkeys(part for _, parts in patterns for part in parts if not _fixed(part))
    places = {deck: place for place, deck in enumerate(known)}
    written = [(weight, [places.get(part, part) for part in parts]) for weight, parts in patterns]
    decks = [_plain(deck) for deck in known if isinstance(deck, Deck)]
    _write(locale, provider, {"decks": decks, "patterns": written})


def write_words(locale: str, known: Sequence[str]) -> None:
    """Keep the words of a locale."""
    _write(locale, WORDS, known)


def _write(locale: str, name: str, content: object) -> None:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    if len(text) <= _LONGEST:
        file = _file(locale, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def _content(locale: str, name: str) -> Any:
    try:
        return json.loads(_file(locale, name).read_text("utf-8"))
    except FileNotFoundError:
        return None


def _file(locale: str, name: str) -> Path:
    # Faker's output changes between versions, and this with it.
    return FOLDER / version("faker") / locale / f"{name}.json"


def _fixed(part: str | Deck) -> bool:
    return isinstance(part, str)


def _plain(deck: Deck) -> tuple[object, object]:
    """Texts and weights; all numbers of so many digits are told by that."""
    size = len(deck.texts[0])
    counted = len(deck.texts) == 10**size and deck.texts == digits(size).texts
    return (size if counted else deck.texts), deck.weights


def _deck(texts: Any, weights: Any) -> Deck:
    known = digits(texts).texts if isinstance(texts, int) else tuple(texts)
    return Deck(known, None if weights is None else tuple(weights))
