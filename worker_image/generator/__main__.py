"""Compiles vocabularies into the image: `python -m worker_image.generator en_US de_DE`."""

import sys

from .vocabulary import compile_locale, providers

for locale in sys.argv[1:]:
    compile_locale(locale, providers(locale))
