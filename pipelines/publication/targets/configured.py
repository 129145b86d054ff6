"""The targets that the settings name, and the two ways to follow all of them: with errors, or with warnings."""

from collections.abc import Callable

from pipelines.base.errors import ConfigError
from pipelines.config.settings import Settings, postgres_uri
from pipelines.publication.targets.following import Followed, follow
from pipelines.publication.targets.object_storage import ObjectStorage
from pipelines.publication.targets.postgres import Postgres
from pipelines.publication.targets.target import Target, TargetError


def targets_of(settings: Settings) -> tuple[Target, ...]:
    """The targets of the settings.

    Raises:
        TargetError: The address of a target is not set in the environment.
    """
    postgres, s3 = settings.publish.postgres, settings.publish.s3
    targets: list[Target] = []
    try:
        if postgres is not None:
            targets.append(Postgres(postgres, postgres_uri(postgres)))
    except ConfigError as error:
        raise TargetError(error.message, error.hint) from None
    if s3 is not None:
        targets.append(ObjectStorage(s3))
    return tuple(targets)


def follow_all(settings: Settings, say: Callable[[str], object]) -> tuple[Followed, ...]:
    """Make every target equal to the home.

    Returns:
        What has been done to each target.

    Raises:
        TargetError: A target could not be reached or changed.
    """
    return tuple(follow(settings.paths.published, target, say) for target in targets_of(settings))


def follow_or_warn(settings: Settings, say: Callable[[str], object], warn: Callable[[str], object]) -> None:
    """Like `follow_all`, but a failure is a warning: what is published in the home stands, and a later call catches up.

    Args:
        settings: The settings in force.
        say: Called with a text before each long step.
        warn: Called with what failed and what to do about it.
    """
    try:
        follow_all(settings, say)
    except TargetError as error:
        warn(f"{error.message}. {error.hint.rstrip('.')}. The home is not affected, and the next run tries again")
