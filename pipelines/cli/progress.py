"""Progress of a run: one line per stage, with its counts and its duration."""

from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from pipelines.base.text import printable_lines
from pipelines.cli.console import err, print_labelled
from pipelines.runs.recorder import StageReport

STAGES = {
    "wait": "wait",
    "prepare": "read the project",
    "land": "land files",
    "gate_landing": "gate: landing",
    "staging": "staging",
    "gate_staging": "gate: staging",
    "gate_quarantine": "gate: quarantine",
    "plan": "plan the build",
    "order_statuses": "order statuses",
    "channels": "channels",
    "settings": "settings",
    "identifiers": "identifiers",
    "pseudonyms": "pseudonyms",
    "accounts": "accounts",
    "links": "links",
    "identity": "identity",
    "core": "core",
    "value": "value models",
    "marts": "marts",
    "gate_marts": "gate: marts",
    "totals": "gate: totals",
    "publish": "publish",
    "notify": "notify",
}


def _shown(name: str) -> str:
    return STAGES.get(name) or name.replace("pull_", "pull ", 1)


def _counts(stage: StageReport) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in stage.counts.items() if number)


class Screen:
    """A listener that shows stages on standard error; if the run fails, also its warnings.

    Args:
        quiet: Show only what the run waits for.
        console: The console; standard error by default.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self._console = console or err()
        self._quiet = quiet
        self._warnings: list[str] = []
        self._spinner = Spinner("dots")
        live = self._console.is_terminal and not quiet
        self._live = Live(self._spinner, console=self._console, transient=True, refresh_per_second=8) if live else None

    def __enter__(self) -> "Screen":
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
        if kind is not None:  # the summary of a run, which has its warnings, comes only without an error
            for words in self._warnings:
                print_labelled(self._console, "warning", "yellow", words)

    def stage_started(self, name: str) -> None:
        """Show that a stage runs."""
        self._spinner.update(text=Text(_shown(name)))

    def stage_says(self, name: str, words: str) -> None:
        """Show the progress of a stage. Waiting and a failed notification are always shown, also if `quiet`."""
        self._spinner.update(text=Text(f"{_shown(name)}: {printable_lines(words)}"))
        if name in ("wait", "notify") or (name == "plan" and not self._quiet):
            self._console.print(f"  {words}")

    def stage_finished(self, stage: StageReport) -> None:
        """Print a line about the stage."""
        if self._quiet:
            return
        mark = ("done", "green") if stage.status == "done" else ("failed", "bold red")
        counts = "" if stage.name == "publish" else _counts(stage)
        figures = f" {_shown(stage.name):<16} {stage.seconds:6.1f} s  "
        self._console.print(Text.assemble(mark, figures, (counts, "dim")))

    def warned(self, words: str) -> None:
        """Keep a warning, in case the run fails."""
        self._warnings.append(words)
