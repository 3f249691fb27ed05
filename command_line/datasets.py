"""The commands that begin with `dataset`."""

from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from command_line import estimate as estimating
from command_line import preview as previewing
from command_line import reference as referring
from command_line.definitions import Noun, add_commands
from command_line.figures import count
from command_line.reading import FILE, read, with_lists
from command_line.schema import dataset_schema, rendered
from command_line.tables import statements
from orchestration.model import Documents, Instances, PostgresqlSink
from worker_image.generator import Compression, Form, Format, compile_dataset
from worker_image.generator.measuring import measure
from worker_image.generator.problems import instead
from worker_image.generator.sampling import sample

_MEASURED_UNITS, _MEASURED_SECONDS = 200, 1.0
_FORM = Form(Format(Documents().format), Compression(Documents().compression))
_INSTANCES = Instances()

cli = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


@cli.command()
def validate(file: FILE) -> None:
    """Check a dataset and name every problem, one a line.

    Each line has the place in the document, the value there, and what is allowed. A sound dataset
    gets one line that says how large it is and for how many units its keys last. Exit code 1 means
    that there are problems.

        aci-jobs dataset validate examples/retail/dataset.yaml
    """
    dataset = read(file).dataset
    measured = measure(dataset, Form(), units=20, seconds=0.5)
    shared = [record.name for record in dataset.records if record.shared]
    rows = sum(measured.each.records.get(r.name, 0) for r in dataset.records if not r.shared)
    extra = sum(measured.first.records[name] for name in shared)
    also = f" and {extra:,.0f} shared by all" if shared else ""
    print(
        f"{dataset.name}: {count(len(dataset.records), 'record type')},"
        f" {rows:,.0f} rows a unit on average{also}; keys last for {dataset.max_units:,} units"
    )


@cli.command()
def preview(
    file: FILE,
    *,
    unit: Annotated[int, typer.Option(min=0, help="The unit whose first rows are shown.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="The random seed: other values.")] = 0,
    rows: Annotated[int, typer.Option(min=1, max=200, help="Rows of each record type.")] = 5,
    record: Annotated[str | None, typer.Option(help="This record type alone.")] = None,
    units: Annotated[int, typer.Option(min=1, max=1000, help="Units in the sample.")] = 10,
) -> None:
    """Show rows of a dataset, and what its fields are like.

    For each record type the first rows of a unit, then a line on each field from a sample of
    units: how often it is null, how many values differ, the least, the median and the most with
    bars for how all are spread, or the most frequent values.

        aci-jobs dataset preview examples/retail/dataset.yaml --record order
    """
    written = read(file)
    dataset = written.dataset
    names = [each.name for each in dataset.records]
    if record is not None and record not in names:
        raise typer.BadParameter(instead(record, names), param_hint="--record")
    _check_units("--unit", unit + 1, dataset.max_units)
    chosen = range(unit, min(unit + units, dataset.max_units))
    found = sample(dataset, compile_dataset(dataset, seed), chosen)
    console = Console(highlight=False)
    for each in dataset.records:
        if record in (None, each.name):
            previewing.show(console, written, found, each, rows)


@cli.command()
def estimate(
    file: FILE,
    *,
    units: Annotated[int, typer.Option(min=1, help="Units of the run.")],
    instances: Annotated[int, typer.Option(help="Container groups.")] = _INSTANCES.most,
    cpu: Annotated[float, typer.Option(help="vCPUs of each.")] = _INSTANCES.cpu,
    memory: Annotated[float, typer.Option(help="GB of each.")] = _INSTANCES.memory_gb,
    format: Annotated[Format, typer.Option(help="Of the documents.")] = _FORM.format,  # noqa: A002
    compression: Annotated[Compression, typer.Option(help="Of the documents.")] = _FORM.compression,
) -> None:
    """Say how much data a run makes, how long it takes, and what it costs.

    Makes a few units here, for about a second, and reckons from their size and time. What was
    measured and what is assumed is said apart.

        aci-jobs dataset estimate examples/retail/dataset.yaml --units 6000
    """
    dataset = read(file).dataset
    _check_units("--units", units, dataset.max_units)
    fleet = _fleet(instances, cpu, memory)
    form = Form(format, compression)
    measured = measure(dataset, form, units=_MEASURED_UNITS, seconds=_MEASURED_SECONDS)
    estimate = estimating.estimated(units, fleet, measured)
    estimating.show(Console(highlight=False), measured, estimate)


@cli.command()
def ddl(
    file: FILE,
    schema: Annotated[str, typer.Option(help="The schema of the tables.")] = "public",
) -> None:
    """Print the tables of a dataset as PostgreSQL's statements.

    They are those that the loader itself runs where tables are missing. Foreign keys to shared
    record types come last: they can be made once everything is loaded.

        aci-jobs dataset ddl examples/tpch/dataset.yaml --schema tpch | psql
    """
    try:
        PostgresqlSink.model_validate({"schema": schema})
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"], param_hint="--schema") from None
    print("\n\n".join(statements(read(file).dataset, schema)))


@cli.command()
def schema() -> None:
    """Print the dataset language as JSON Schema, for editors.

    The first line of a dataset tells an editor with a YAML language server where it is:

        # yaml-language-server: $schema=../../docs/dataset.schema.json

    This prints it:

        aci-jobs dataset schema > docs/dataset.schema.json
    """
    print(rendered(dataset_schema()), end="")


@cli.command()
def reference() -> None:
    """Print the reference of the dataset language in Markdown.

    It is made from the code that reads datasets, and its examples have values that were really
    made.

        aci-jobs dataset reference > docs/dataset-reference.md
    """
    print(referring.reference(), end="")


add_commands(cli, Noun("dataset", with_lists, lambda entry: {"bytes": f"{entry['size']:,}"}))


def _check_units(option: str, units: int, limit: int) -> None:
    if units > limit:
        raise typer.BadParameter(
            f"the dataset has unique values for {limit:,} units", param_hint=option
        )


def _fleet(count: int, cpu: float, memory: float) -> Instances:
    """The container groups of a run, with the limits that a request for one has."""
    try:
        return Instances(count=count, cpu=cpu, memory_gb=memory)
    except ValidationError as error:
        fault = error.errors()[0]
        option = {"count": "--instances", "cpu": "--cpu", "memory_gb": "--memory"}
        raise typer.BadParameter(fault["msg"], param_hint=option[str(fault["loc"][0])]) from None
