"""Checksums of documents, pinned. Run as a module it checks them all in this environment.

A change here is a change of everybody's data: it needs a line in the changelog.
"""

import hashlib
import importlib.metadata
import importlib.util
import sys

from worker_image.generator import Compression, Form, Format, Unit, compile_dataset

from .generator import every_kind, retail

SEED = 2025
DATASETS = {"retail": retail, "every_kind": every_kind}
FORMS = {
    "ndjson": Form(),
    "csv": Form(Format.CSV),
    "parquet": Form(Format.PARQUET, Compression.ZSTD),
}
GOLDEN: dict[tuple[str, str], dict[int, str]] = {
    ("retail", "ndjson"): {
        0: "bdfe192d9b6e6960fd90374b48c0c5dfc1e595547d169b9f9b8da7b04f710230",
        1: "0ab61cc2901197a8f6b832ccd6572eb15d986433ae8d035962b1ec5919c381c6",
        5999: "364a3717b5f1028227e46ae773d9180dcbf75b98bd325243ef734589fde529ba",
    },
    ("retail", "csv"): {
        0: "ef5e0ab4e553bbed5d336184549a9d95d6335cb1540737f7413257f6fea2dafa",
        1: "caa2368a86e3ec9cda93be63f9001d4a843057559563c3a0cfdc6d2a2bc791cc",
        5999: "0527a61031295235803ff6c0600e436c496c43754a9534a42b5a54fff3bbe644",
    },
    ("retail", "parquet"): {
        0: "0658f6c94d32e2bf8365550bf6e045babeabf5e17ba135ffef79b5fad644c836",
        1: "2fa271ab811ecdc552509dbbdbb62c67ffd0e8d9caf99de2a480846df67e26eb",
        5999: "24cd8760e94f36bad68d6188c08b11d1ed380bf0aa1e49ae3c5a940c128d1c57",
    },
    ("every_kind", "ndjson"): {
        0: "3e9b2484de360d3457b07e4b4eadea149d251dd0813207c7c881cb7120953751",
        1: "450a357bfa27d483d8baa33aba8ee31a93cba3dd6ea78bf65babd32da4e7cc3d",
        5: "74913c3fb9a19249c1f52a4a4576550600c3beea60f2654e972b95a2b6dd7666",
    },
    ("every_kind", "csv"): {
        0: "0aade19d8975be212e7bb0ebdee68db0637b2314a84276d066256d4e19f0ec62",
        1: "f2e7e35422713281f2f7f68331abf61688b0918cb0ae79c7efd7f64ebef75d51",
        5: "43f1ef0734bdf4e6f0edd8ab57a108452551ce652e969cab29cc1eaab01d4706",
    },
    ("every_kind", "parquet"): {
        0: "fb49c110fac25a766a4aaf20efd0d209904f052d5908a037966468ddf37b6649",
        1: "b68f8778d8a7c632df502a4d790710448c19f22c7fa270f224396ff9b3a6ef78",
        5: "dd03c4716ee994469d34f8e087625e032bb721b9d64c37f1e1fadbb24edcdb6a",
    },
}


def digest(unit: Unit) -> str:
    """SHA-256 of the documents of a unit, end to end."""
    return hashlib.sha256(b"".join(one.content for one in unit.documents)).hexdigest()


def made(name: str, form: str) -> dict[int, str]:
    """What the pinned units of a dataset come to here and now, the last first."""
    compiled = compile_dataset(DATASETS[name](), SEED, FORMS[form])
    return {unit: digest(compiled.unit(unit)) for unit in reversed(GOLDEN[name, form])}


def main() -> int:
    """Check everything that can be made here: Parquet needs PyArrow."""
    print("NumPy", importlib.metadata.version("numpy"))
    parquet = importlib.util.find_spec("pyarrow") is not None
    wrong = 0
    for (name, form), pinned in GOLDEN.items():
        if form == "parquet" and not parquet:
            continue
        as_ever = made(name, form) == pinned
        wrong += not as_ever
        print(name, form, "as ever" if as_ever else "differs")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
