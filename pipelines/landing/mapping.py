"""Reads a mapping file into a checked `Mapping`. Errors name the file and the line.

model.py defines what a mapping can contain.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from pipelines.base.database import small_query_connection
from pipelines.base.errors import ConfigError
from pipelines.base.spelling import nearest
from pipelines.config.faults import faults
from pipelines.config.positions import Document, YamlProblem, read_yaml
from pipelines.landing.channels import DeclaredChannel, split_place
from pipelines.landing.entity_fit import Problem, problems_of_names, problems_of_rows
from pipelines.landing.expression_check import check_expressions
from pipelines.landing.extending import extended
from pipelines.landing.lookup_fit import problems_of_look_ups
from pipelines.landing.model import Mapping
from pipelines.landing.order_statuses import Declared, status_word
from pipelines.landing.survey_items import problems_of_items, with_items

_HINT = "Correct the mapping at this place. docs/mapping.md explains each key."
BUILT_IN = Path(__file__).parent / "mappings"
# The contents of mappings that this process has found to be good: a check takes a third of a second.
_CHECKED: set[str] = set()


def load_mapping(name_or_path: str | Path) -> Mapping:
    """Load and check a mapping.

    Args:
        name_or_path: The name of a built-in mapping (`sample`), or a path to a mapping file.

    Returns:
        The mapping. Its expressions are checked against the columns that they name.

    Raises:
        ConfigError: The mapping cannot be read or used. The message names the file, the line and what to do.
    """
    mapping = read_mapping(name_or_path)
    content = mapping.model_dump_json()
    if content not in _CHECKED:
        _refuse(mapping, problems_of_look_ups(mapping))
        check_expressions(mapping)
        with small_query_connection() as connection:
            _refuse(mapping, problems_of_rows(connection, mapping))
        _CHECKED.add(content)
    return mapping


def read_mapping(name_or_path: str | Path) -> Mapping:
    """A mapping without a check of its expressions, which is faster.

    Raises:
        ConfigError: It cannot be read.
    """
    return _read(_find(name_or_path))


def _read(path: Path) -> Mapping:
    """Read and validate a mapping; its expressions are not checked yet."""
    source = extended(path, _document(path), _built_in, _document)
    document = source.document
    try:
        mapping = Mapping.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(
            "\n".join(f"{path}:{fault}" for fault in faults(error, document, Mapping)), hint=_HINT
        ) from None
    mapping._path, mapping._lines, mapping._inherited = path, document.lines, source.inherited
    mapping._is_built_in = path.parent == BUILT_IN
    _refuse(mapping, problems_of_items(mapping))
    mapping = with_items(mapping)
    _refuse(mapping, problems_of_names(mapping))
    return mapping


def _document(path: Path) -> Document:
    try:
        return read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: the mapping cannot be read: {error}", hint="It must be a text file in UTF-8 that you may read."
        ) from error
    except YamlProblem as error:
        raise ConfigError(
            f"{path}:{error.line}: the mapping is not valid YAML: {error}", hint="Correct this line."
        ) from error


def _refuse(mapping: Mapping, problems: Sequence[Problem]) -> None:
    if problems:
        lines = [f"{mapping.where(at)}: {message}" for at, message in problems]
        raise ConfigError("\n".join(lines), hint=_HINT)


def declared_statuses(mappings: Iterable[str | Path]) -> list[Declared]:
    """The order statuses that the mappings declare, sorted and without duplicates.

    Raises:
        ConfigError: A mapping cannot be used, or two mappings of one source give a status different classes.
    """
    classes: dict[tuple[str, str], str] = {}
    declared: set[Declared] = set()
    for mapping in map(read_mapping, mappings):
        for status, status_class in mapping.order_statuses.items():
            before = classes.setdefault((mapping.source, status_word(status)), status_class)
            if before != status_class:
                raise ConfigError(
                    f"{mapping.where(('order_statuses',))}: the status `{status}` is `{status_class}` here, but"
                    f" `{before}` in another mapping of the source {mapping.source}",
                    hint="Give the status the same class in both mappings.",
                )
            declared.add((mapping.source, status, status_class))
    return sorted(declared)


def declared_channels(mappings: Iterable[str | Path]) -> list[DeclaredChannel]:
    """The channels that the mappings declare, sorted and without duplicates.

    Raises:
        ConfigError: A mapping cannot be used, or two mappings of one source give a spelling different channels.
    """
    places: dict[tuple[str, str], str] = {}
    declared: dict[tuple[str, str], DeclaredChannel] = {}
    for mapping in map(read_mapping, mappings):
        for spelling, place in mapping.channels.items():
            before = places.setdefault((mapping.source, status_word(spelling)), place)
            if before != place:
                raise ConfigError(
                    f"{mapping.where(('channels',))}: the channel `{spelling}` is `{place}` here, but `{before}` in"
                    f" another mapping of the source {mapping.source}",
                    hint="Give the channel the same meaning in both mappings.",
                )
            declared[mapping.source, spelling] = (mapping.source, spelling, *split_place(place))
    return [declared[key] for key in sorted(declared)]


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in text or text.endswith((".yml", ".yaml")):
        path = Path(text)
        if not path.is_file():
            raise ConfigError(f"{path}: this mapping file does not exist", hint="Check the path.")
        return path
    return _built_in(text)


def _built_in(name: str) -> Path:
    path = BUILT_IN / f"{name}.yml"
    if not path.is_file():
        known = sorted(found.stem for found in BUILT_IN.glob("*.yml"))
        near = nearest(name, known)
        raise ConfigError(
            f"there is no built-in mapping `{name}`{f'; did you mean `{near}`?' if near else ''}",
            hint=f"The built-in mappings are: {', '.join(known)}. For your own mapping, write the path of its"
            " .yml file.",
        )
    return path
