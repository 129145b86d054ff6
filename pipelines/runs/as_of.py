"""Which day a run builds: a named day, `latest` or `yesterday`."""

from datetime import date, timedelta

from pipelines.base.errors import ConfigError, LoyaltyError
from pipelines.config.settings import Settings
from pipelines.runs.latest_day import latest_day


def resolve_as_of(settings: Settings, asked: str | date | None = None) -> date:
    """The day to build.

    Args:
        settings: The settings in force.
        asked: The day that was requested on the command line; it takes precedence over the settings.

    Raises:
        ConfigError: The day is in the future.
        BuildError: `latest`, and no event of a customer was accepted.
    """
    chosen = settings.as_of if asked is None else asked
    today = settings.today()
    if chosen == "latest":
        return latest_day(settings.paths.warehouse, today, settings.latest_correction_days).day
    if chosen == "yesterday":
        return today - timedelta(days=1)
    day = chosen if isinstance(chosen, date) else date.fromisoformat(chosen)
    refuse_future(settings, day)
    return day


def due_day(settings: Settings) -> date | None:
    """The day that `as_of` of the config gives; None if it is not known."""
    try:
        return resolve_as_of(settings)
    except LoyaltyError:
        return None


def refuse_future(settings: Settings, day: date) -> None:
    """Check that a day is not in the future.

    Raises:
        ConfigError: It is after today.
    """
    if day > (today := settings.today()):
        raise ConfigError(
            f"{day} is in the future (today is {today} in {settings.timezone})", hint="choose today or an earlier day"
        )
