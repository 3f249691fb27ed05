"""The container groups that a caller asks for."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from .value import Value

Count = Annotated[int, Field(ge=1, le=100)]
Region = Annotated[str, Field(pattern=r"^[a-z0-9]+$", min_length=2, max_length=50)]


class Instances(Value):
    """A fixed `count` of container groups, or up to `max` of them with one goal.

    The goal is to `finish_within` so many seconds of the run's start, or to have one group for
    every `backlog` units that wait. Regions are tried in their order; none means the app's own.
    """

    count: Count | None = None
    min: Count | None = None
    max: Count | None = None
    finish_within: Annotated[float, Field(gt=0, le=7 * 86400)] | None = None
    backlog: Annotated[int, Field(ge=1)] | None = None
    cpu: Annotated[float, Field(ge=0.5, le=4)] = 1.0
    memory_gb: Annotated[float, Field(ge=0.5, le=16)] = 1.5
    concurrency: Annotated[int, Field(ge=1, le=32)] = 2
    spot: bool = False
    regions: Annotated[tuple[Region, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _scale_by_one_rule(self) -> Self:
        given = [name for name in ("finish_within", "backlog", "min") if getattr(self, name)]
        if self.max is None:
            for name in given:
                raise ValueError(f"{name}: it needs max, the most container groups there may be")
        elif self.count is not None:
            raise ValueError("count: a fixed count has no max")
        elif len({"finish_within", "backlog"} & set(given)) != 1:
            raise ValueError("max: one goal is needed with it, finish_within or backlog")
        elif self.least > self.max:
            raise ValueError(f"min: at most max, {self.max}, is allowed")
        if len(set(self.regions)) < len(self.regions):
            raise ValueError("regions: each may be named once")
        return self

    @property
    def most(self) -> int:
        """The most container groups that may run at once."""
        return self.max or self.count or DEFAULT_COUNT

    @property
    def least(self) -> int:
        """The container groups that a run begins with and never goes below by itself."""
        return (self.min or 1) if self.max else self.most


DEFAULT_COUNT = 4
