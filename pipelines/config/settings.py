"""Reads and validates loyalty.yml and the environment. No other module reads them.

Everything is validated before anything runs, and each error names the file and the line. Pure functions compose the
vars and environments of dbt and Dagster from the settings. This module does not open the warehouse and does not import
Dagster. The paths of an installation are in home.py.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr, ValidationError

from pipelines.base.database import set_limits
from pipelines.base.errors import ConfigError
from pipelines.base.project import project_root as project_root
from pipelines.config.audiences import AudienceVar, audience_vars
from pipelines.config.faults import faults
from pipelines.config.model_vars import Var, model_vars
from pipelines.config.positions import Document, YamlProblem, read_yaml
from pipelines.config.publish import PostgresSettings, PublishSettings
from pipelines.config.schema import Settings as Settings  # other packages import it from here

CONFIG_NAME = "loyalty.yml"
CONFIG_VARIABLE = "LOYALTY_CONFIG"
HOME_VARIABLE = "LOYALTY_HOME"
KEY_VARIABLE = "LOYALTY_KEY"
WEBHOOK_VARIABLE = "LOYALTY_WEBHOOK_URL"
_SECRETS = {"key_text": KEY_VARIABLE, "webhook_url": WEBHOOK_VARIABLE}  # set in the environment only
_NOT_IN_THE_FILE = {"config_path", *_SECRETS}
_HINT = "correct the config; docs/settings.md explains each setting"


def find_config(config: Path | None = None) -> Path | None:
    """The config in force: the option, else LOYALTY_CONFIG, else ./loyalty.yml; None if there is none."""
    chosen = config or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    if chosen is None:
        return Path(CONFIG_NAME).absolute() if Path(CONFIG_NAME).is_file() else None
    return _expanded(chosen)


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError as problem:
        raise ConfigError(
            f"{path}: there is no such user, so `~` has no folder", hint="write the full path"
        ) from problem


def load_settings(config: Path | None = None, home: Path | None = None) -> Settings:
    """Read and validate loyalty.yml.

    Args:
        config: The file; else LOYALTY_CONFIG, else ./loyalty.yml.
        home: The home. It takes precedence over LOYALTY_HOME, which takes precedence over `home:` in the file. The
            default is the folder `home` next to the file.

    Raises:
        ConfigError: There is no such file, or a setting is not valid; the message names the file and the line.
    """
    path = find_config(config)
    if path is None:
        raise ConfigError(
            f"there is no {CONFIG_NAME} here",
            hint="pass a file with --config, or make a sample: loyalty sample --out sample",
        )
    try:
        document = read_yaml(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path}: cannot be read: {problem}", hint="pass another config with --config") from problem
    except YamlProblem as problem:
        raise ConfigError(f"{path}:{problem.line}: {problem}", hint="docs/settings.md has every key") from problem
    data = document.data
    if not isinstance(data, dict):
        content = "is empty" if data is None else "does not consist of `key: value`"
        raise ConfigError(f"{path}:1: the file must contain settings, but {content}", hint=_HINT)
    for name in sorted(_NOT_IN_THE_FILE & data.keys()):
        raise ConfigError(
            f"{path}:{document.line((name,))}: {name}: not a key of this file",
            hint=f"set {_SECRETS[name]} in the environment" if name in _SECRETS else "remove it",
        )
    chosen_home = home or (Path(os.environ[HOME_VARIABLE]) if os.environ.get(HOME_VARIABLE) else None)
    values: dict[str, object] = {"home": "home", **data}
    if chosen_home is not None:
        values["home"] = _expanded(chosen_home)
    secrets = {name: os.environ.get(variable) or None for name, variable in _SECRETS.items()}
    try:
        settings = Settings.model_validate({**values, "config_path": path, **secrets}, context={"base": path.parent})
    except ValidationError as problem:
        found = faults(problem, document, Settings)
    else:
        set_limits(settings.engine.memory_limit, settings.engine.threads)
        return settings
    for fault in found:
        if fault.where in _SECRETS:
            # not in the file: the text names the variable
            raise ConfigError(fault.words, hint="correct the variable, or unset it")
        if fault.where == "home" and chosen_home is not None:
            raise ConfigError(f"--home or {HOME_VARIABLE}: {fault.words}", hint="choose another folder")
    raise ConfigError("\n".join(f"{path}:{fault}" for fault in found), hint=_HINT)


def check_inboxes(settings: Settings) -> None:
    """Raise an error if the folder of a source does not exist.

    Only commands that read files call this; the others work without the folders. The first pull creates the folder of a
    source with `pull`.

    Raises:
        ConfigError: A folder is missing, for example because its disk is not mounted; the message names file and line.
    """
    missing = [
        index for index, source in enumerate(settings.sources) if source.pull is None and not source.files.is_dir()
    ]
    if not missing:
        return
    path = settings.config_path
    document = read_yaml(path.read_text(encoding="utf-8-sig")) if path else Document(None, {})
    raise ConfigError(
        "\n".join(
            f"{path}:{document.line(('sources', index, 'files'))}: sources.{index}.files:"
            f" there is no folder {settings.sources[index].files}"
            for index in missing
        ),
        hint="mount its disk, create the folder, or correct `files`",
    )


def postgres_uri(settings: PostgresSettings) -> SecretStr:
    """The connection URI of PostgreSQL. It is read when it is used, so that commands without it need no variable.

    Raises:
        ConfigError: The variable is not set, or it has no URI.
    """
    if not (text := os.environ.get(settings.environment_variable)):
        raise ConfigError(
            f"publish.postgres is set, but the environment variable {settings.environment_variable} is not",
            hint=f"set {settings.environment_variable} to the connection URI, also where runs are started (cron,"
            " systemd, Dagster)",
        )
    if not text.startswith(("postgresql://", "postgres://")):
        # the text is not shown: it may be a password
        raise ConfigError(
            f"the environment variable {settings.environment_variable} has no connection URI of PostgreSQL: it does not"
            " begin with postgresql://",
            hint="write postgresql://USER:PASSWORD@HOST/DATABASE, without quotes or spaces around it; characters such"
            " as @ and / in the password are percent-encoded (%40 and %2F)",
        )
    return SecretStr(text)


def dbt_vars(settings: Settings) -> dict[str, Var | list[AudienceVar]]:
    """The settings that models depend on, as vars of dbt. Those of a build are added in runs/dbt_vars.py.

    Folders are relative to the warehouse's folder, in which dbt runs. So a home that is moved or copied has the same
    vars and the same code.
    """
    state = settings.paths.warehouse.parent
    return {
        **model_vars(settings.model),
        "timezone": settings.timezone,
        "currency": settings.currency,
        "industry": settings.industry,
        "history_months": settings.history_months,
        "audiences": audience_vars(settings.audiences),
        "landing_dir": os.path.relpath(settings.paths.landing, state),
        "exchange_dir": os.path.relpath(settings.paths.exchange, state),
    }


def dbt_environment(settings: Settings) -> dict[str, str]:
    """The variables that dbt_project/profiles.yml reads. They do not include the key of the pseudonyms.

    dbt runs in the folder of the warehouse and gets only the name of the file: dbt-duckdb reads a path as a URL, in
    which `#` ends the path. No value names the home: dbt parses the whole project again if a value changes, which takes
    longer than to build a small home that was moved or copied.
    """
    return {
        "LOYALTY_WAREHOUSE": settings.paths.warehouse.name,
        "LOYALTY_MEMORY_LIMIT": settings.engine.memory_limit,
        "LOYALTY_THREADS": str(settings.engine.threads),
        "LOYALTY_TEMP_DIR": "tmp",
    }


def child_environment(values: Mapping[str, str], settings: Settings | None = None) -> dict[str, str]:
    """The environment of a child process: the current environment with `values`, without our secrets.

    The current environment is not changed, because other threads read it, for example during imports.
    """
    publish = settings.publish if settings else PublishSettings()
    pulls = [source.pull for source in settings.sources if source.pull] if settings else []
    secrets = {*_SECRETS.values(), *publish.variables}
    prefixes = tuple(pull.environment_prefix for pull in pulls)
    kept = {name: value for name, value in os.environ.items() if name not in secrets and not name.startswith(prefixes)}
    return {**kept, **values}


# Dagster recommends another command, which needs another package
_NOT_SHOWN = "ignore:Function `dev_command` is superseded"


def dagster_environment(settings: Settings, dagster_home: Path) -> dict[str, str]:
    """The environment of Dagster's processes, so that they use the same config, home and instance as this process."""
    ours = {HOME_VARIABLE: str(settings.home), "DAGSTER_HOME": str(dagster_home)}
    config = {CONFIG_VARIABLE: str(settings.config_path)} if settings.config_path else {}
    warnings = {"PYTHONWARNINGS": ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), _NOT_SHOWN)))}
    return {**os.environ, **ours, **config, **warnings}
