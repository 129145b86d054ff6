"""Credentials of pulls and pushes: read from the environment, and from nowhere else."""

import os
from collections.abc import Iterable

from pipelines.base.errors import ConfigError
from pipelines.base.text import has_control_characters


def read_credentials(variables: Iterable[str], system: str) -> list[str]:
    """The values of environment variables, all of which must be set.

    Args:
        variables: Their names.
        system: What they are for, for errors.

    Raises:
        ConfigError: One is not set, or has a control character; the message has no value.
    """
    names = list(variables)
    if missing := [name for name in names if not os.environ.get(name)]:
        raise ConfigError(
            f"not set in the environment: {', '.join(missing)}",
            hint=f"docs/sources.md says where the credentials of {system} are created; set them where `loyalty` starts",
        )
    for name in names:
        if has_control_characters(os.environ[name]):
            raise ConfigError(
                f"the environment variable {name} has a line break or another control character",
                hint="copy the value again, without spaces and line breaks before and after it",
            )
    return [os.environ[name] for name in names]


def optional_credential(variable: str) -> str:
    """The value of an environment variable; empty if it is not set.

    Raises:
        ConfigError: It has a control character.
    """
    return read_credentials([variable], "")[0] if os.environ.get(variable) else ""
