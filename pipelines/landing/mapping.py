"""Reading a mapping file: from a name or a path to a checked `Mapping`, with errors that name the line.

What a mapping may say stands in model.py.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from pipelines.base.database import connect
from pipelines.base.errors import ConfigError
from pipelines.config.faults import faults
from pipelines.config.positions import YamlProblem, read_yaml
from pipelines.landing.binding import check_expressions
from pipelines.landing.entity_fit import Problem, problems_of_names, problems_of_rows
from pipelines.landing.model import Mapping
from pipelines.landing.order_statuses import Declared, status_word

_HINT = "Correct the mapping there; docs/mapping.md says what each key means."
BUILT_IN = Path(__file__).parent / "mappings"


def load_mapping(name_or_path: str | Path) -> Mapping:
    """Load and check a mapping.

    Args:
        name_or_path: The name of a built-in mapping (`sample`), or a path to a mapping file.

    Returns:
        The mapping, its expressions bound against the columns that they name.

    Raises:
        ConfigError: Where it cannot be read or used; the message names the file, the line and what to do.
    """
    mapping = read_mapping(name_or_path)
    check_expressions(mapping)
    with connect(threads=1) as connection:
        _refuse(mapping, problems_of_rows(connection, mapping))
    return mapping


def read_mapping(name_or_path: str | Path) -> Mapping:
    """A mapping whose expressions are not checked: enough to look at what it says, and quicker.

    Raises:
        ConfigError: It cannot be read.
    """
    return _read(_find(name_or_path))


def _read(path: Path) -> Mapping:
    """A mapping whose expressions are not checked yet."""
    try:
        document = read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}", hint="The file must be readable UTF-8 text.") from error
    except YamlProblem as error:
        raise ConfigError(
            f"{path}:{error.line}: not the YAML of a mapping: {error}", hint="Correct that line."
        ) from error
    try:
        mapping = Mapping.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(
            "\n".join(f"{path}:{fault}" for fault in faults(error, document, Mapping)), hint=_HINT
        ) from None
    mapping._path, mapping._lines = path, document.lines
    _refuse(mapping, problems_of_names(mapping))
    return mapping


def _refuse(mapping: Mapping, problems: Sequence[Problem]) -> None:
    if problems:
        lines = [f"{mapping.where(at)}: {words}" for at, words in problems]
        raise ConfigError("\n".join(lines), hint=_HINT)


def declared_statuses(mappings: Iterable[str | Path]) -> list[Declared]:
    """What the mappings declare of the statuses of orders, each once and sorted.

    Raises:
        ConfigError: A mapping cannot be used, or two of one source give a status different classes.
    """
    classes: dict[tuple[str, str], str] = {}
    declared: set[Declared] = set()
    for mapping in map(read_mapping, mappings):
        for status, status_class in mapping.order_statuses.items():
            before = classes.setdefault((mapping.source, status_word(status)), status_class)
            if before != status_class:
                raise ConfigError(
                    f"{mapping.where(('order_statuses',))}: `{status}` is {status_class} here and {before} in another"
                    f" mapping of the source {mapping.source}",
                    hint="Give the status one class.",
                )
            declared.add((mapping.source, status, status_class))
    return sorted(declared)


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in text or text.endswith((".yml", ".yaml")):
        path = Path(text)
        if not path.is_file():
            raise ConfigError(f"{path}: no such mapping file", hint="Check the path.")
        return path
    path = BUILT_IN / f"{text}.yml"
    if not path.is_file():
        names = ", ".join(sorted(found.stem for found in BUILT_IN.glob("*.yml")))
        raise ConfigError(
            f"there is no built-in mapping `{text}`",
            hint=f"Built in: {names}. For your own, give the path to its .yml file.",
        )
    return path
