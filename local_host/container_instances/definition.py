"""What a client asks for: the body of a PUT, validated."""

from typing import Annotated, Any, Literal

from pydantic import AliasPath, BaseModel, ConfigDict, Field, ValidationError

from local_host.container_instances.errors import ArmError, invalid, refusal

NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
LARGEST = (4.0, 16.0)  # CPU and GB of a group, as in most regions

Name = Annotated[str, Field(pattern=NAME, max_length=63)]
Nothing = Annotated[tuple[Any, ...], Field(max_length=0)]  # what the stand-in cannot do


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Variable(_Part):
    """One environment variable; a secure value is never shown again."""

    name: str = Field(pattern=r"^[A-Za-z0-9_]+$", max_length=63)
    value: str | None = None
    secure_value: str | None = Field(default=None, alias="secureValue")


def _property(*path: str) -> AliasPath:
    return AliasPath("properties", *path)


class Container(_Part):
    """One container of a group."""

    name: Name
    image: str = Field(min_length=1, validation_alias=_property("image"))
    command: tuple[str, ...] | None = Field(default=None, validation_alias=_property("command"))
    variables: tuple[Variable, ...] = Field(
        default=(), validation_alias=_property("environmentVariables")
    )
    cpu: float = Field(ge=0.01, validation_alias=_property("resources", "requests", "cpu"))
    memory_gb: float = Field(
        ge=0.1, validation_alias=_property("resources", "requests", "memoryInGB")
    )

    def environment(self) -> dict[str, str]:
        """The variables, plain and secure."""
        return {v.name: v.value or v.secure_value or "" for v in self.variables}

    @property
    def memory_bytes(self) -> int:
        """The limit of its memory."""
        return int(self.memory_gb * (1 << 30))


class Definition(_Part):
    """A container group as asked for."""

    location: str = Field(min_length=1)
    containers: tuple[Container, ...] = Field(
        min_length=1, max_length=60, validation_alias=_property("containers")
    )
    restart_policy: Literal["Always", "OnFailure", "Never"] = Field(
        default="Always", validation_alias=_property("restartPolicy")
    )
    priority: Literal["Regular", "Spot"] = Field(
        default="Regular", validation_alias=_property("priority")
    )
    init_containers: Nothing = Field(default=(), validation_alias=_property("initContainers"))
    volumes: Nothing = Field(default=(), validation_alias=_property("volumes"))

    @property
    def cores(self) -> str:
        """The name of the quota that its CPU counts against."""
        return "StandardSpotCores" if self.priority == "Spot" else "StandardCores"

    @property
    def cpu(self) -> float:
        """CPU of all containers."""
        return sum(container.cpu for container in self.containers)

    @property
    def memory_gb(self) -> float:
        """Memory of all containers."""
        return sum(container.memory_gb for container in self.containers)

    def fixed(self) -> tuple[object, ...]:
        """What no update of a live group may change."""
        sizes = tuple((c.name, c.cpu, c.memory_gb) for c in self.containers)
        return self.location, self.restart_policy, sizes


_CODES = (
    ("environmentVariables", "InvalidContainerEnvironmentVariable"),
    ("image", "InvalidImage"),
    ("resources", "InvalidResourceRequests"),
    ("initContainers", "OperationNotAllowed"),
    ("volumes", "OperationNotAllowed"),
    ("name", "InvalidContainerName"),
)


def parse(body: Any) -> Definition:
    """Validate the body of a PUT.

    Raises:
        ArmError: 400 with the first field that is wrong and why, or 409 when no machine is so big.
    """
    try:
        definition = Definition.model_validate(body)
    except ValidationError as error:
        raise _refusal(error) from None
    largest_cpu, largest_memory = LARGEST
    if definition.cpu > largest_cpu or definition.memory_gb > largest_memory:
        raise no_capacity(definition)
    return definition


def no_capacity(definition: Definition) -> ArmError:
    """The refusal of what no machine of the region has room for."""
    return refusal(
        "ServiceUnavailable",
        location=definition.location,
        cpu=definition.cpu,
        memory_gb=definition.memory_gb,
    )


def _refusal(error: ValidationError) -> ArmError:
    first = error.errors(include_url=False, include_input=False)[0]
    where = [str(part) for part in first["loc"]]
    code = next((code for part, code in _CODES if part in where), "InvalidRequestContent")
    return invalid(code, f"{'.'.join(where) or 'The body'}: {first['msg']}")
