"""The `loyalty` command. This package parses options, calls the other packages and prints their results."""

import sys

from pipelines.base.stopping import listen, stop_signal, stopped


def main() -> None:
    """The entry point `loyalty`. It listens to signals before it imports the commands, which takes a moment."""
    listen()
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
