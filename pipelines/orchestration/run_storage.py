"""Dagster's SQLite run storage with two additions. The format of the file is Dagster's, so Dagster's tools can read it.

1. A run that is executed in this process (`loyalty run`) gets an origin: the code location that the UI loads. Without
   an origin, the UI shows a run neither in its timeline nor under its job.
2. If a run is deleted, the records that only this run used are deleted too. Dagster's own storage would keep the
   snapshots of jobs and the records of backfills forever.
"""

import sqlalchemy as sa

# Origins and tables are exported nowhere else.
from dagster import DagsterRun
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.runs.schema import BackfillTagsTable, BulkActionsTable, RunsTable, SnapshotsTable
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from pipelines.orchestration.names import CODE_LOCATION
from pipelines.orchestration.sqlite_files import RunStorageAnywhere

# Dagster's name for the repository of a module's `defs`.
_REPOSITORY = "__repository__"
# The newest are kept even if no run names them: a run that is being created writes its snapshots first.
_KEPT_SNAPSHOTS = 50
_KEPT_BACKFILLS = 50


class OwnedSqliteRuns(RunStorageAnywhere):
    """Dagster's storage; every run belongs to our code location."""

    def add_run(self, dagster_run: DagsterRun) -> DagsterRun:
        """Add a run, with an origin if it has none."""
        if dagster_run.remote_job_origin is None:
            dagster_run = dagster_run.with_job_origin(origin_of(dagster_run.job_name))
        return super().add_run(dagster_run)

    def delete_run(self, run_id: str) -> None:
        """Delete a run, snapshots that no run names, and old backfills that have ended."""
        super().delete_run(run_id)
        named = sa.select(RunsTable.c.snapshot_id).where(RunsTable.c.snapshot_id.is_not(None))
        planned = sa.select(sa.func.json_extract(RunsTable.c.run_body, "$.execution_plan_snapshot_id"))
        newest = sa.select(SnapshotsTable.c.id).order_by(SnapshotsTable.c.id.desc()).limit(_KEPT_SNAPSHOTS)
        ended = BulkActionsTable.c.status.not_in(("REQUESTED", "CANCELING", "FAILING"))
        backfills = sa.select(BulkActionsTable.c.id).order_by(BulkActionsTable.c.id.desc()).limit(_KEPT_BACKFILLS)
        with self.connect() as connection:
            connection.execute(
                sa.delete(SnapshotsTable).where(
                    SnapshotsTable.c.snapshot_id.not_in(named),
                    SnapshotsTable.c.snapshot_id.not_in(planned.where(planned.selected_columns[0].is_not(None))),
                    SnapshotsTable.c.id.not_in(newest),
                )
            )
            connection.execute(sa.delete(BulkActionsTable).where(ended, BulkActionsTable.c.id.not_in(backfills)))
            connection.execute(
                sa.delete(BackfillTagsTable).where(
                    BackfillTagsTable.c.backfill_id.not_in(sa.select(BulkActionsTable.c.key))
                )
            )


def origin_of(job_name: str) -> RemoteJobOrigin:
    """The origin of a job, with the names that the UI uses."""
    target = LoadableTargetOrigin(module_name=CODE_LOCATION)
    location = InProcessCodeLocationOrigin(target, location_name=CODE_LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, _REPOSITORY), job_name)
