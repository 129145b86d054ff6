"""The suites in force: those of expectations/, with the limits and severities that `gates` in loyalty.yml changes."""

from dataclasses import replace
from pathlib import Path

from pipelines.base.errors import ConfigError
from pipelines.base.spelling import did_you_mean
from pipelines.config.positions import read_yaml
from pipelines.config.settings import Settings
from pipelines.quality.suites import Suite, load_suites

STAGES = ("landing", "staging", "marts")


def suites_in_force(folder: Path, settings: Settings) -> dict[str, list[Suite]]:
    """The suites of every stage.

    Args:
        folder: The folder `expectations/`.
        settings: The settings, with `gates`.

    Raises:
        ConfigError: A suite cannot be used; or `gates` names a check or a limit that does not exist, or gives a limit a
            value that it cannot have. The message gives file and line.
    """
    found = {stage: load_suites(folder, stage) for stage in STAGES}
    if not settings.gates:
        return found
    known = {
        f"{suite.dataset}.{one.name}" for suites in found.values() for suite in suites for one in suite.expectations
    }
    for name in settings.gates:
        if name not in known:
            near = did_you_mean(name, sorted(known), "docs/quality-checks.md lists the checks")
            raise _refusal(settings, name, f"there is no check `{name}`{near}")
    return {stage: [_changed(suite, settings) for suite in suites] for stage, suites in found.items()}


def _changed(suite: Suite, settings: Settings) -> Suite:
    expectations = []
    for one in suite.expectations:
        name = f"{suite.dataset}.{one.name}"
        try:
            expectations.append(one.with_change(settings.gates.get(name, {})))
        except ValueError as problem:
            raise _refusal(settings, name, str(problem)) from problem
    return replace(suite, expectations=tuple(expectations))


def _refusal(settings: Settings, name: str, words: str) -> ConfigError:
    where = "gates"
    if settings.config_path is not None:
        line = read_yaml(settings.config_path.read_text(encoding="utf-8-sig")).line(("gates", name))
        where = f"{settings.config_path}:{line}: gates.{name}"
    return ConfigError(
        f"{where}: {words}", hint="Correct the config; docs/quality-checks.md lists the checks and their limits."
    )
