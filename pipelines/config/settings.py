"""What the user decides: loyalty.yml, and the environment that may point to it.

The only reader of loyalty.yml and of the environment. Everything is checked here, before anything runs, and each
refusal names the file and the line. What the settings become for dbt is composed here too, in pure functions. Nothing
here opens the warehouse or imports Dagster; where the files of an installation lie is said in home.py.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from pipelines.base.database import set_limits
from pipelines.base.errors import ConfigError
from pipelines.base.project import project_root as project_root
from pipelines.config.faults import faults
from pipelines.config.model_vars import Var, model_vars
from pipelines.config.positions import Document, YamlProblem, read_yaml
from pipelines.config.schema import Settings as Settings  # all others import it from here

CONFIG_NAME = "loyalty.yml"
CONFIG_VARIABLE = "LOYALTY_CONFIG"
HOME_VARIABLE = "LOYALTY_HOME"
KEY_VARIABLE = "LOYALTY_KEY"
WEBHOOK_VARIABLE = "LOYALTY_WEBHOOK_URL"
_SECRETS = {"key_text": KEY_VARIABLE, "webhook_url": WEBHOOK_VARIABLE}  # only the environment gives them
_NOT_IN_THE_FILE = {"config_path", *_SECRETS}
_HINT = "correct the config; docs/settings.md says what each setting means"


def dbt_executable() -> Path:
    """The dbt that belongs to this interpreter, whatever PATH says.

    Raises:
        ConfigError: There is none.
    """
    path = Path(sys.executable).parent / "dbt"
    if not path.exists():
        raise ConfigError(f"no dbt beside the interpreter: {path}", hint="install the project: make setup")
    return path


def find_config(config: Path | None = None) -> Path | None:
    """The config in force: the option, else LOYALTY_CONFIG, else ./loyalty.yml; None where there is none."""
    chosen = config or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    if chosen is None:
        return Path(CONFIG_NAME).absolute() if Path(CONFIG_NAME).is_file() else None
    return _expanded(chosen)


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError as problem:
        raise ConfigError(f"{path}: there is no such user", hint="write the folder out") from problem


def load_settings(config: Path | None = None, home: Path | None = None) -> Settings:
    """Read and check loyalty.yml.

    Args:
        config: The file; else LOYALTY_CONFIG, else ./loyalty.yml.
        home: Wins over LOYALTY_HOME, which wins over `home:` in the file, which is `home` beside it by default.

    Raises:
        ConfigError: There is no such file, or something in it cannot be used; the message names file and line.
    """
    path = find_config(config)
    if path is None:
        raise ConfigError(
            f"there is no {CONFIG_NAME} here",
            hint="name one with --config, or make a sample: loyalty sample --out sample",
        )
    try:
        document = read_yaml(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path}: cannot be read: {problem}", hint="name a config with --config") from problem
    except YamlProblem as problem:
        raise ConfigError(f"{path}:{problem.line}: {problem}", hint="docs/settings.md has every key") from problem
    data = document.data
    if not isinstance(data, dict):
        content = "it is empty" if data is None else "it has none"
        raise ConfigError(f"{path}:1: the file must hold settings, and {content}", hint=_HINT)
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
            raise ConfigError(fault.words, hint="set it right, or unset it")
        if fault.where == "home" and chosen_home is not None:
            raise ConfigError(f"--home or {HOME_VARIABLE}: {fault.words}", hint="name another folder")
    raise ConfigError("\n".join(f"{path}:{fault}" for fault in found), hint=_HINT)


def check_inboxes(settings: Settings) -> None:
    """Do nothing where the folder of every source is there. Asked before files are read: all else works without them.

    Raises:
        ConfigError: One is missing, on a disk that is not mounted, say; the message names file and line.
    """
    missing = [index for index, source in enumerate(settings.sources) if not source.files.is_dir()]
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
        hint="bring the folder back (is its disk mounted?), make it, or correct `files`",
    )


def dbt_vars(settings: Settings, *, scratch_schema: str = "", exchange: Path | None = None) -> dict[str, Var]:
    """What models depend on besides data and the build at hand: the same text every day, so that dbt parses once.

    Args:
        settings: The settings in force.
        scratch_schema: Prefix of the schemas of a backfill, else empty.
        exchange: Where this build exchanges Parquet; the home's own by default.

    Folders are relative to that of the warehouse, in which dbt runs: a home that is moved or copied has the same vars,
    and so the same code.
    """
    state = settings.paths.warehouse.parent
    return {
        **model_vars(settings.model),
        "scratch_schema": scratch_schema,
        "timezone": settings.timezone,
        "currency": settings.currency,
        "industry": settings.industry,
        "history_months": settings.history_months,
        "landing_dir": os.path.relpath(settings.paths.landing, state),
        "exchange_dir": os.path.relpath(exchange or settings.paths.exchange, state),
    }


def dbt_build_environment(
    as_of: date | None, previous_as_of: date | None = None, rebuilt: Sequence[str] = ()
) -> dict[str, str]:
    """What differs from one build to the next, as dbt's macro `this_build` reads it.

    Args:
        as_of: The day that is built; None for staging, which has no day.
        previous_as_of: The day of the build that this one extends; None for a full build.
        rebuilt: The incremental models that are built whole.
    """
    return {
        "LOYALTY_BUILD_REBUILT": ",".join(rebuilt),
        "LOYALTY_BUILD_AS_OF": as_of.isoformat() if as_of else "",
        "LOYALTY_BUILD_PREVIOUS_AS_OF": previous_as_of.isoformat() if previous_as_of else "",
    }


def dbt_vars_argument(values: Mapping[str, Var]) -> str:
    """`--vars` as JSON, always in the same order: dbt parses anew whenever the text differs.

    dbt reads it as YAML, which would make two characters of an escaped emoji.
    """
    return json.dumps(values, sort_keys=True, ensure_ascii=False)


def dbt_environment(settings: Settings) -> dict[str, str]:
    """The variables that dbt_project/profiles.yml reads; the pseudonyms' key is not among them.

    dbt runs in the folder of the warehouse and knows it by its name alone: dbt-duckdb takes a path for a URL, in which
    `#` ends the path.
    """
    return {
        "LOYALTY_WAREHOUSE": settings.paths.warehouse.name,
        "LOYALTY_MEMORY_LIMIT": settings.engine.memory_limit,
        "LOYALTY_THREADS": str(settings.engine.threads),
        "LOYALTY_TEMP_DIR": str(settings.paths.state / "tmp"),
    }


def child_environment(values: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child process: this process's own with `values`, without our secrets.

    This process's environment stays as it is: other threads read it, for example while they import.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _SECRETS.values()}
    return {**kept, **values}


# Dagster recommends another command, which is a package of its own
_NOT_SHOWN = "ignore:Function `dev_command` is superseded"


def dagster_environment(settings: Settings, dagster_home: Path) -> dict[str, str]:
    """The environment of Dagster's own processes: they find the same config, home and instance as this one."""
    ours = {HOME_VARIABLE: str(settings.home), "DAGSTER_HOME": str(dagster_home)}
    config = {CONFIG_VARIABLE: str(settings.config_path)} if settings.config_path else {}
    warnings = {"PYTHONWARNINGS": ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), _NOT_SHOWN)))}
    return {**os.environ, **ours, **config, **warnings}
