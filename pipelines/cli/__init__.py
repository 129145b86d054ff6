"""The `loyalty` command. This package parses options, calls the other packages and prints their results."""

from pipelines.cli.app import main

__all__ = ["main"]
