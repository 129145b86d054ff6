"""Dagster's folder, `<home>/state/dagster`: one instance for the command line and the UI, so that both show all runs.

Not here: the jobs (jobs.py), and opening the instance (execute.py for the command line, `dagster dev` for the UI).
"""

import glob
import shutil
import tempfile
from pathlib import Path

import dagster as dg
import yaml

from pipelines.base.durable import write_text_durably

_CONFIG = "dagster.yaml"
_MARK = "# Written by `loyalty` at every start. Remove this line to keep your own (Postgres for a deployment, say).\n"


_TICK_DAYS = {"skipped": 1, "success": 60, "failure": 60, "started": 60}


def dagster_yaml(folder: Path) -> str:
    """The settings: SQLite below `folder`, old records removed, no telemetry, the project's logs shown in the UI."""
    ours = "pipelines.orchestration"
    settings = {
        "telemetry": {"enabled": False},
        # no dialog about a newsletter
        "nux": {"enabled": False},
        "event_log_storage": {
            "module": f"{ours}.event_log",
            "class": "KeptOpenSqliteEventLog",
            "config": {"base_dir": str(folder / "history" / "runs")},
        },
        "run_storage": {
            "module": f"{ours}.run_storage",
            "class": "OwnedSqliteRuns",
            "config": {"base_dir": str(folder / "history")},
        },
        "schedule_storage": {
            "module": f"{ours}.sqlite_files",
            "class": "ScheduleStorageAnywhere",
            "config": {"base_dir": str(folder / "schedules")},
        },
        # other runs would wait for the lock anyway, each in a separate process
        "concurrency": {"runs": {"max_concurrent_runs": 1}},
        # ticks of sensors that start no run: about 10,000 per day, a kilobyte each
        "retention": {kind: {"purge_after_days": _TICK_DAYS} for kind in ("schedule", "sensor", "auto_materialize")},
        # dbt's output is in state/logs; capturing standard output would need two processes per step
        "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"},
        "python_logs": {"managed_python_loggers": ["loyalty"], "python_log_level": "INFO"},
    }
    return _MARK + yaml.safe_dump(settings, sort_keys=False)


def prepare_instance(folder: Path) -> Path:
    """Create the folder and its dagster.yaml, and return the path of that file."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = folder / _CONFIG
    text = dagster_yaml(folder)
    before = config.read_text(encoding="utf-8") if config.exists() else _MARK
    if before.startswith(_MARK) and before != text:
        write_text_durably(config, text)
    return config


def open_instance(folder: Path) -> dg.DagsterInstance:
    """The instance, for use in `with`."""
    # Dagster uses the path as a pattern: without escaping it could find no file, or that of another home
    return dg.DagsterInstance.from_config(str(folder), glob.escape(str(prepare_instance(folder))))


def dagster_home(folder: Path) -> Path:
    """The value of DAGSTER_HOME for Dagster's processes: the folder, unless its path looks like a pattern.

    Otherwise it is a temporary folder with a copy of dagster.yaml, which names the folders of all data.
    """
    config = prepare_instance(folder)
    if glob.escape(str(folder)) == str(folder):
        return folder
    alias = Path(tempfile.mkdtemp(prefix="loyalty-dagster-"))
    shutil.copyfile(config, alias / _CONFIG)
    return alias
