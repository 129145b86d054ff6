"""Reads suites: `expectations/<stage>/<dataset>.yml`, one short file per dataset. Nothing is run here.

A suite that contains anything that no gate can check is rejected as a whole. The error gives file and line.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipelines.base.errors import ConfigError
from pipelines.base.spelling import did_you_mean
from pipelines.config.positions import Document
from pipelines.quality import vocabulary
from pipelines.quality.vocabulary import Value
from pipelines.quality.yaml_file import Text, read_model

Severity = Literal["error", "warn"]

_HINT = 'Correct the suite; CONTRIBUTING.md, "add a check", explains how to write one.'
_BRACES = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDERS = {"batch", "as_of"}
_LIMITS_OF_GX = ("min_value", "max_value", "mostly")
# The last part of a limit's name. Other limits in SQL are numbers of rows or days. Those of GX follow vocabulary.py.
_SHARES, _RATIOS = ("share", "tolerance"), ("ratio",)
_MOST = 1e9
Change = Mapping[str, int | float | str]  # of an expectation: its severity and its limits, as loyalty.yml sets them
PREVIOUS = re.compile(r"\bprevious\.(\w+)")  # a mart of the version published before
DAY = "{as_of}"


@dataclass(frozen=True)
class Expectation:
    """One expectation of a suite.

    Attributes:
        name: Its name in reports: its kind and columns, or the name given to the SQL.
        kind: A name in `vocabulary.KINDS`, or `unexpected_rows`.
        arguments: The arguments for GX; for `unexpected_rows`, `sql`.
        severity: `error` stops the run, `warn` causes a warning.
        why: Why the data must be so.
        line: Its line in the file.
        limits: The numbers and days that `gates` in loyalty.yml can change, with the values in force.
    """

    name: str
    kind: str
    arguments: Mapping[str, Value]
    severity: Severity
    why: str
    line: int
    limits: Mapping[str, Value]

    @property
    def column(self) -> str:
        """The column or columns that it checks; empty for the table as a whole."""
        parts = [self.arguments.get(name) for name in ("column", "column_A", "column_B")]
        listed = self.arguments.get("column_list")
        return ", ".join(str(part) for part in (*parts, *(listed if isinstance(listed, list) else ())) if part)

    @property
    def sql(self) -> str:
        """The SQL of the suite with its limits; empty for an expectation of GX."""
        declared = str(self.arguments.get("sql", ""))
        return _BRACES.sub(lambda found: str(self.limits.get(found[1], found[0])), declared)

    @property
    def previous(self) -> frozenset[str]:
        """The marts of the version published before that it reads (`previous.<mart>` in its SQL)."""
        return frozenset(PREVIOUS.findall(self.sql))

    def with_change(self, change: Change) -> "Expectation":
        """The expectation with another severity or other limits.

        Raises:
            ValueError: It has no such limit, or the limit cannot have the value.
        """
        limits, severity = dict(self.limits), self.severity
        for name, value in change.items():
            if name == "severity":
                if value not in ("error", "warn"):
                    raise ValueError(f"severity: must be `error` or `warn`, but is {value!r}")
                severity = "warn" if value == "warn" else "error"
            elif name not in limits:
                names = (*limits, "severity")
                near = did_you_mean(name, names, f"it has: {', '.join(names)}")
                raise ValueError(f"the check has no limit `{name}`{near}")
            elif problem := _problem_of_limit(name, value, limits[name]):
                raise ValueError(f"{name}: {problem}, but is {value!r}")
            else:
                limits[name] = value
        if self.sql:
            return replace(self, severity=severity, limits=limits)
        arguments = {**self.arguments, **limits}
        if found := vocabulary.problem(self.kind, arguments):
            raise ValueError(found[1])
        return replace(self, severity=severity, limits=limits, arguments=arguments)


@dataclass(frozen=True)
class Suite:
    """The expectations of one dataset.

    Attributes:
        dataset: The name of the table, view or landed entity.
        owner: Who is responsible if it fails.
        description: What the suite checks.
        expectations: The expectations, in the order of the file.
        path: The file.
    """

    dataset: str
    owner: str
    description: str
    expectations: tuple[Expectation, ...]
    path: Path


def _problem_of_limit(name: str, value: Value, declared: Value) -> str:
    """What a limit must be, if a value is not; empty if it is."""
    kind = name.rpartition("_")[2]
    if isinstance(declared, str) or isinstance(value, str):
        return "" if isinstance(declared, str) and isinstance(value, str) else "must be a number"
    if not isinstance(value, int | float) or name in _LIMITS_OF_GX:
        return ""
    if kind in _SHARES:
        return "" if 0 <= value <= 1 else "must be a share from 0 to 1"
    if kind in _RATIOS:
        return "" if 0 < value <= _MOST else f"must be greater than 0 and at most {_MOST:g}"
    return "" if isinstance(value, int) and 0 <= value <= _MOST else f"must be a whole number from 0 to {_MOST:g}"


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        raise ValueError(f"`{text}` cannot name an expectation: use lower-case letters, digits and `_`")
    return text


class _Line(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)

    expect: str | None = None
    unexpected_rows: str | None = None
    name: Annotated[str, AfterValidator(_name)] | None = None
    severity: Severity = "error"
    limits: dict[str, int | float] = {}
    why: Text


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    dataset: str = Field(min_length=1)
    owner: Text
    description: Text
    expectations: list[_Line] = Field(min_length=1)


def load_suites(folder: Path, stage: str) -> list[Suite]:
    """The suites of a stage, by dataset.

    Args:
        folder: The folder `expectations/`.
        stage: `landing`, `staging` or `marts`.

    Raises:
        ConfigError: A file cannot be read or contains what no gate can check; the message gives file and line.
    """
    if not (folder / stage).is_dir():
        raise ConfigError(
            f"there is no folder {folder / stage}, so there are no suites for the {stage} gate",
            hint="Restore the folder expectations/ from the repository.",
        )
    return [load_suite(path) for path in sorted((folder / stage).glob("*.yml"))]


def load_suite(path: Path) -> Suite:
    """One suite.

    Raises:
        ConfigError: As `load_suites`.
    """
    document, parsed = read_model(path, _File, _HINT)
    if parsed.dataset != path.stem:
        words = f"`dataset` is {parsed.dataset}, so the file must be named {parsed.dataset}.yml"
        raise _refusal(path, document, ("dataset",), words)
    expectations = tuple(_expectation(path, document, i, line) for i, line in enumerate(parsed.expectations))
    names = [expectation.name for expectation in expectations]
    for i, name in enumerate(names):
        if name in names[:i]:
            words = f"two expectations are named {name}: give one of them another `name`"
            raise _refusal(path, document, ("expectations", i), words)
    return Suite(parsed.dataset, parsed.owner, parsed.description, expectations, path)


def _expectation(path: Path, document: Document, index: int, line: _Line) -> Expectation:
    at = ("expectations", index)
    arguments: dict[str, Value] = dict(line.model_extra or {})
    limits: dict[str, Value] = dict(line.limits)
    if (line.expect is None) == (line.unexpected_rows is None):
        raise _refusal(path, document, at, "an expectation needs either `expect` or `unexpected_rows`")
    if line.unexpected_rows is not None:
        if fault := _fault_of_sql(line, arguments, path.parent.name):
            raise _refusal(path, document, (*at, fault[0]), fault[1])
        kind, arguments = "unexpected_rows", {"sql": line.unexpected_rows.strip().rstrip(";").strip()}
    else:
        kind = line.expect or ""
        if problem := vocabulary.problem(kind, arguments):
            raise _refusal(path, document, (*at, problem[0] or "expect"), problem[1])
        if line.limits:
            raise _refusal(path, document, (*at, "limits"), "`limits` are for SQL; here the arguments are the limits")
        limits = {name: value for name, value in arguments.items() if name in _LIMITS_OF_GX}
    found = Expectation(line.name or "", kind, arguments, line.severity, line.why, document.line(at), limits)
    if line.name:
        return found
    parts = (kind.removeprefix("expect_"), found.column.replace(", ", "_"))
    return replace(found, name=".".join(part for part in parts if part))


def _fault_of_sql(line: _Line, extra: Mapping[str, Value], stage: str) -> tuple[str, str] | None:
    sql = line.unexpected_rows or ""
    if extra:
        first = next(iter(extra))
        return first, f"`unexpected_rows` has no argument {first!r}"
    if not line.name:
        return "unexpected_rows", "SQL needs a `name`, which reports use"
    if "{batch}" not in sql:
        return "unexpected_rows", "the SQL must read from {batch}, the placeholder of the dataset"
    used = set(_BRACES.findall(sql)) - _PLACEHOLDERS
    if unknown := sorted(used - line.limits.keys()):
        return "unexpected_rows", f"{{{unknown[0]}}} is not {{batch}}, {{as_of}} or one of `limits`"
    for name, value in line.limits.items():
        if problem := _problem_of_limit(name, value, value):
            return "limits", f"{name} {problem}"
    if unused := sorted(line.limits.keys() - used):
        return "limits", f"the SQL does not use the limit {{{unused[0]}}}"
    if stage in ("landing", "staging") and (DAY in sql or PREVIOUS.search(sql)):
        return "unexpected_rows", "{as_of} and previous.<mart> are for marts only: earlier stages have no day"
    return None


def _refusal(path: Path, document: Document, at: tuple[str | int, ...], words: str) -> ConfigError:
    return ConfigError(f"{path}:{document.line(at)}: {words}", hint=_HINT)
