"""The log files: one per run, and dbt's log. Where they are, and how many are kept."""

from pathlib import Path

from pipelines.config.home import Home
from pipelines.publication import list_versions

# Size of dbt.log and of each of the five older logs that dbt keeps. A run of the sample writes about a megabyte.
DBT_LOG_BYTES = 5_000_000
DBT_LOG = "dbt.log"
KEPT_LOGS = 60


def log_path(home: Home, run_id: str) -> Path:
    """The path of the log of a run."""
    return home.logs / f"{run_id}.log"


def dbt_log_options(logs: Path) -> list[str]:
    """dbt's options for a log of limited size in that folder, without the lines for debugging.

    Those lines took a sixth of the time of a build. The compiled SQL is in the folder `compiled` of its target folder.
    """
    return ["--log-path", str(logs), "--log-file-max-bytes", str(DBT_LOG_BYTES), "--log-level-file", "info"]


def prune_logs(home: Home) -> None:
    """Remove the logs of old runs: those beyond the newest KEPT_LOGS whose version is no longer kept."""
    logs = sorted(home.logs.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    old = [path for path in logs if path.name != DBT_LOG][KEPT_LOGS:]
    if not old:
        return
    kept = {version.manifest.run_id for version in list_versions(home.published) if version.manifest}
    for path in old:
        if path.stem not in kept:
            path.unlink()
