"""The `loyalty` command: a thin face on the parts. Words, tables and exit codes live here; nothing is computed."""

from pipelines.cli.app import main

__all__ = ["main"]
