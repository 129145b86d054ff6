"""Commands that no run may overlap: they hold the run's lock."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from pipelines.base.durable import PRIVATE, umask
from pipelines.cli.console import err
from pipelines.config.settings import Settings


def print_progress(text: str) -> None:
    """Print what a command is doing to standard error."""
    err().print(f"  {text}")


@contextmanager
def exclusive(settings: Settings, what: str, *, read_only: bool) -> Iterator[int]:
    """Hold the run's lock, and yield the user's umask. A command that only reads does not create a missing home."""
    from pipelines.landing import finish_replacement
    from pipelines.runs.lock import hold_lock, wait_for_warehouse

    paths = settings.paths
    with ExitStack() as stack:
        user_umask = stack.enter_context(umask(PRIVATE))
        if not read_only:
            paths.root.mkdir(mode=0o750, parents=True, exist_ok=True)
        if paths.root.is_dir():
            stack.enter_context(hold_lock(paths.lock, what, print_progress))
            wait_for_warehouse(paths.warehouse, print_progress, read_only=read_only)
        if not read_only:
            finish_replacement(paths.landing)
        yield user_umask
