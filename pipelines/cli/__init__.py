"""The `loyalty` command. This package parses options, calls the other packages and prints their results."""

import gc
import sys

from pipelines.base.stopping import listen, stop_signal, stopped

# Python looks for unreachable cycles after this many new objects. With its default of 700 that takes a fifth of a short
# run: imports and Dagster make many objects, and few cycles.
_NEW_OBJECTS = 50_000


def main() -> None:
    """The entry point `loyalty`. It listens to signals before it imports the commands, which takes a moment."""
    listen()
    gc.set_threshold(_NEW_OBJECTS)
    try:
        from pipelines.cli.app import main as call_command
    except KeyboardInterrupt:
        number = stop_signal()
        if number is None:
            raise
        stop = stopped(number)
        sys.stderr.write(f"error {stop.message}\n")
        sys.exit(stop.exit_code)
    call_command()


__all__ = ["main"]
