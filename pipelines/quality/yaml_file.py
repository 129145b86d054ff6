"""Reads a YAML file of expectations/ into a model; errors give file and line."""

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, StringConstraints, ValidationError

from pipelines.base.errors import ConfigError
from pipelines.config.faults import faults
from pipelines.config.positions import Document, YamlProblem, read_yaml

# text without the line break at the end of a folded block
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

_Model = TypeVar("_Model", bound=BaseModel)


def read_model(path: Path, model: type[_Model], hint: str) -> tuple[Document, _Model]:
    """The document with its line numbers, and its content as a model.

    Args:
        path: The file.
        model: The model that the content must match.
        hint: What to do if it does not match.

    Raises:
        ConfigError: The file cannot be read or does not match the model; the message gives file and line.
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
