"""Dagster's own folder, `<home>/state/dagster`: one instance for command line and UI, so that both show all runs.

Not here: what Dagster runs (jobs.py), or who opens it (execute.py for the command line, `dagster dev` for the UI).
"""

from pathlib import Path

import dagster as dg

from pipelines.durable import write_text_durably

_DAGSTER_YAML = """\
# Written by `loyalty`; what is changed here is kept.
telemetry:
  enabled: false
# dbt's output is in state/logs; capturing standard output would cost two processes a step
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
python_logs:
  managed_python_loggers: [loyalty]
  python_log_level: INFO
"""


def prepare_instance(folder: Path) -> Path:
    """Make the folder with its dagster.yaml, and return it; this is what DAGSTER_HOME must be."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = folder / "dagster.yaml"
    if not config.exists():
        write_text_durably(config, _DAGSTER_YAML)
    return folder


def open_instance(folder: Path) -> dg.DagsterInstance:
    """The instance; close it by `with`."""
    return dg.DagsterInstance.from_config(str(prepare_instance(folder)))
