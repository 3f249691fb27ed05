"""The language as a schema: what an editor completes and checks."""

import inspect
import json

from worker_image.generator import load
from worker_image.generator.kinds.base import FieldSpec
from worker_image.generator.language import KINDS, DatasetSpec


def test_the_schema_has_every_kind_with_its_meaning() -> None:
    schema = DatasetSpec.model_json_schema()
    assert json.loads(json.dumps(schema)) == schema
    for kind in KINDS.values():
        meaning = schema["$defs"][kind.__name__]["description"]
        assert meaning == inspect.getdoc(kind) != inspect.getdoc(FieldSpec)


def test_every_member_has_a_meaning() -> None:
    """Its own, or that of the mapping that it holds; the member of a kind has the kind's."""
    schema = DatasetSpec.model_json_schema()
    models = {"DatasetSpec": schema, **schema["$defs"]}
    kinds = {kind.__name__: name for name, kind in KINDS.items()}
    for model, definition in models.items():
        for name, member in definition["properties"].items():
            own = "description" in member or kinds.get(model) == name
            assert own or "$ref" in json.dumps(member), f"{model}.{name}"


def test_every_kind_has_examples_of_it() -> None:
    for name, kind in KINDS.items():
        assert kind.examples
        for text in kind.examples:
            example = load(text)
            assert isinstance(example, dict)
            assert name in example


def test_a_kind_is_a_member_of_its_own_mapping() -> None:
    assert all(name in kind.model_fields for name, kind in KINDS.items())
