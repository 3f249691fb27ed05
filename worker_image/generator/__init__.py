"""A dataset specification becomes documents of related records.

`load` reads a specification, `parse` checks it, `compile_dataset` binds it to a random seed and a
form, and the result makes each unit alone: the same bytes on every machine, in any order.
"""

from ..forms import Compression, Form, Format
from .compiled import Compiled, Unit, compile_dataset
from .dataset import Dataset
from .formats import Document, check_form
from .formats.compression import encode
from .lists import resolve
from .parsing import parse
from .problems import Problem, SpecError
from .source import load

__all__ = [
    "Compiled",
    "Compression",
    "Dataset",
    "Document",
    "Form",
    "Format",
    "Problem",
    "SpecError",
    "Unit",
    "check_form",
    "compile_dataset",
    "encode",
    "load",
    "parse",
    "resolve",
]
