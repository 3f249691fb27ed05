"""Faker as a source of words, compiled: never a call per row, the same on every worker.

A provider whose lists and formats can be seen (see `tracer`) is drawn from here, with the whole
space of values that it has. Another one is asked for a pool of values, once.
"""

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from . import lexicon
from .phrases import Deck, Phrase, Weighted, phrase
from .problems import Refusal, instead
from .randomness import stream
from .tracer import Tracer

_TRIALS = 10
_STEPS_LIMIT = 200_000
_LENGTH_LIMIT = 1 << 22
_SIZE_LIMIT = 10_000
# Arguments whose numbers are values; those of others are sizes, and cost what they say.
_VALUES = re.compile("min|max|value|date|step")
_CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime", "urandom"}
_GLOBAL = random.random.__self__  # type: ignore[attr-defined]  # the generator of the process


POOL = 1000
"""Values that are asked of a provider that hides its lists, unless a field says otherwise."""


def check_locale(locale: str) -> None:
    """Refuse a locale that Faker does not have."""
    if lexicon.has(locale):
        return
    from faker.config import AVAILABLE_LOCALES  # noqa: PLC0415 - a dataset may do without Faker

    if locale not in AVAILABLE_LOCALES:
        raise Refusal(instead(locale, AVAILABLE_LOCALES), locale)


def words(locale: str) -> tuple[str, ...]:
    """The words that sentences of a locale are made of."""
    return lexicon.words(locale) or tuple(_faker(locale).get_words_list())


def provided(provider: str, locale: str, args: Mapping[str, Any], pool: int) -> Phrase:
    """What `provider` gives, as a phrase; a pool of `pool` values where it hides its lists.

    Raises:
        Refusal: no such provider or locale, wrong arguments, not a text, or one that the day or
            chance of the machine decides.
    """
    return _provided(provider, locale, json.dumps(args, sort_keys=True), pool)


@lru_cache(maxsize=256)
def _provided(provider: str, locale: str, args: str, pool: int) -> Phrase:
    compiled = lexicon.read(locale, provider) if (args, pool) == ("{}", POOL) else None
    patterns = compiled or _traced(provider, locale, args, pool)
    return phrase([parts for _, parts in patterns], tuple(weight for weight, _ in patterns))


def _traced(provider: str, locale: str, args: str, pool: int) -> Weighted:
    check_locale(locale)
    names = providers(locale)
    if provider not in names:
        raise Refusal(f"no provider of {locale}; {instead(provider, names)}", provider)
    _check_sizes(json.loads(args))
    return _tracer(locale).patterns(provider, json.loads(args), pool)


def _check_sizes(value: Any, name: str = "") -> None:
    match value:
        case dict():
            for inner, members in value.items():
                _check_sizes(members, inner)
        case list():
            for member in value:
                _check_sizes(member, name)
        case int() | float() if abs(value) > _SIZE_LIMIT and not _VALUES.search(name):
            raise Refusal(f"a size may be at most {_SIZE_LIMIT}", {name: value})


def providers(locale: str) -> list[str]:
    """The names of all providers of a locale."""
    check_locale(locale)
    return _names(_faker(locale))


def _names(faker: Any) -> list[str]:
    attributes = {name for one in faker.providers for name in dir(one) if name[0] != "_"}
    return sorted(name for name in attributes if callable(getattr(faker, name, None)))


def compile_locale(locale: str, names: Iterable[str]) -> None:
    """Write the words of a locale, and what can be used of these providers, to the lexicon."""
    for provider in names:
        with suppress(Refusal):
            lexicon.write(locale, provider, _traced(provider, locale, "{}", POOL))
    lexicon.write_words(locale, _faker(locale).get_words_list())


def _new_faker(locale: str) -> Any:
    from faker.factory import Factory  # noqa: PLC0415 - a dataset may do without Faker

    faker: Any = Factory.create(locale)
    names, formatter = frozenset(_names(faker)), faker.get_formatter

    def provider(name: str) -> Any:
        # An argument may name what is to be called. Whatever else the generator has would be
        # called as well, and could change what all other datasets get.
        if name not in names:
            raise AttributeError(f"no provider {name[:80]!r}")
        return formatter(name)

    faker.get_formatter = provider
    return faker


_faker = lru_cache(maxsize=8)(_new_faker)


@lru_cache(maxsize=8)
def _tracer(locale: str) -> Tracer:
    return Tracer(_new_faker(locale), partial(_try, locale), partial(_deck, locale))


def _deck(locale: str, provider: str, args: Mapping[str, Any], size: int) -> Deck:
    """Values that a provider was asked for, each with the number of times it came."""
    generator = _faker(locale)
    generator.seed_instance(stream(0, locale, provider, json.dumps(args, sort_keys=True)))
    call = partial(getattr(generator, provider), **args)
    length, counts = 0, Counter[str]()
    for _ in range(size):
        value = str(call())
        length += len(value)
        if length > _LENGTH_LIMIT:
            raise Refusal(f"at most {_LENGTH_LIMIT} characters are allowed in a pool", size)
        counts[value] += 1
    return Deck(tuple(counts), tuple(map(float, counts.values())))


def _try(locale: str, provider: str, args: Mapping[str, Any]) -> None:
    """Refuse a provider that fails, gives no text, is not repeatable or does not end."""
    with ThreadPoolExecutor(1) as thread:  # a profile function belongs to a thread: this one's own
        values = thread.submit(_watched, locale, provider, args).result()
    for value in values:
        if not isinstance(value, str | int | float | Decimal) or "\0" in str(value):
            raise Refusal(f"a text or number is needed, not {type(value).__name__}", provider)


def _watched(locale: str, provider: str, args: Mapping[str, Any]) -> list[Any]:
    generator = _faker(locale)
    generator.seed_instance(0)
    sys.setprofile(_watch(provider))
    try:
        return [getattr(generator, provider)(**args) for _ in range(_TRIALS)]
    except Refusal:
        raise
    except Exception as error:
        raise Refusal(f"the provider refuses: {error}", args or provider) from error
    finally:
        sys.setprofile(None)


def _watch(provider: str) -> Any:
    steps = 0

    def watch(_: Any, event: str, called: Any) -> None:
        nonlocal steps
        steps += 1
        if steps > _STEPS_LIMIT:
            raise Refusal("the provider takes too long", provider)
        if event != "c_call":
            return
        if called.__name__ in _CLOCKS or getattr(called, "__self__", None) is _GLOBAL:
            reason = "its values differ by day or by process; use date or datetime for times"
            raise Refusal(reason, provider)

    return watch
