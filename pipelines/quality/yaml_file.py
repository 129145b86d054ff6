"""Reads a YAML file of expectations/ into a model; what is wrong is told with file and line."""

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, StringConstraints, ValidationError

from pipelines.base.errors import ConfigError
from pipelines.config.faults import faults
from pipelines.config.positions import Document, YamlProblem, read_yaml

# text without the line break that a folded block ends in
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

_Model = TypeVar("_Model", bound=BaseModel)


def read_model(path: Path, model: type[_Model], hint: str) -> tuple[Document, _Model]:
    """The file's text with its lines, and what it says.

    Args:
        path: The file.
        model: What it must say.
        hint: What to do where it does not.

    Raises:
        ConfigError: It cannot be read, or says something else; the message gives file and line.
    """
    try:
        document = read_yaml(path.read_text(encoding="utf-8"))
        return document, model.model_validate(document.data)
    except YamlProblem as fault:
        raise ConfigError(f"{path}:{fault.line}: {fault}", hint=hint) from fault
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(f"{path} cannot be read: {fault}", hint=hint) from fault
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}:{fault}" for fault in faults(error, document, model)), hint=hint) from None
