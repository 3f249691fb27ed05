"""The language as a schema: what an editor completes and checks."""

import inspect
import json

from worker_image.generator.kinds.base import FieldSpec
from worker_image.generator.language import KINDS, DatasetSpec


def test_the_schema_has_every_kind_with_its_meaning() -> None:
    schema = DatasetSpec.model_json_schema()
    assert json.loads(json.dumps(schema)) == schema
    for kind in KINDS.values():
        meaning = schema["$defs"][kind.__name__]["description"]
        assert meaning == inspect.getdoc(kind) != inspect.getdoc(FieldSpec)


def test_a_kind_is_a_member_of_its_own_mapping() -> None:
    assert all(name in kind.model_fields for name, kind in KINDS.items())
