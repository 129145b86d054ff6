"""Where logs lie, and how many of them stay: one a run, and dbt's own."""

from pathlib import Path

from pipelines.config.home import Home
from pipelines.publication import list_versions

# Of dbt.log and of each of the five that dbt keeps before it; a run of the sample writes about a megabyte.
DBT_LOG_BYTES = 5_000_000
DBT_LOG = "dbt.log"
KEPT_LOGS = 60


def log_path(home: Home, run_id: str) -> Path:
    """Where a run's log is."""
    return home.logs / f"{run_id}.log"


def dbt_log_options(logs: Path) -> list[str]:
    """dbt's options for a log in that folder that does not grow for ever."""
    return ["--log-path", str(logs), "--log-file-max-bytes", str(DBT_LOG_BYTES)]


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
