"""The commands of running processes, to find processes left over from a killed run.

Uses psutil: `ps` truncates its output at 80 columns, so a long path hides the program, and slim images have no `ps`.
"""

from pathlib import Path

import psutil


def programs_of(pid: int) -> tuple[str, ...]:
    """The last part of each argument of a process's command, lower case: `("python", "dbt", "build", ...)`.

    Folders are removed: a checkout in a folder named dbt must not make every program in it look like dbt.

    Returns:
        Empty if no such process runs, or if it has ended and is a zombie.
    """
    try:
        return tuple(Path(argument).name.lower() for argument in psutil.Process(pid).cmdline())
    except (psutil.Error, ValueError):  # ValueError: not a number that a process can have
        return ()
