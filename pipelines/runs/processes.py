"""Which processes of this machine still run, and by which command: for what a killed run may have left behind.

By psutil: `ps` cuts what it shows at 80 columns, so a long path hides the program, and slim images have no `ps`.
"""

from pathlib import Path

import psutil


def programs_of(pid: int) -> tuple[str, ...]:
    """The last part of each argument of a process's command, lower case: `("python", "dbt", "build", ...)`.

    Without folders: a checkout below a folder called dbt does not make dbt of everything that runs from it.

    Returns:
        Nothing if no such process runs, or if it has ended and only waits for its parent.
    """
    try:
        return tuple(Path(argument).name.lower() for argument in psutil.Process(pid).cmdline())
    except (psutil.Error, ValueError):  # ValueError: not a number that a process can have
        return ()
