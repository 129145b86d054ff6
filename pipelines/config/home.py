"""The folder of one installation: the paths of its files and folders.

Nothing is created, read or written here; each part creates the folders that it writes to.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """Paths below `<home>`.

    Attributes:
        root: `<home>` itself, absolute.
    """

    root: Path

    @property
    def landing(self) -> Path:
        """Landed batches and the ledger."""
        return self.root / "landing"

    @property
    def exchange(self) -> Path:
        """Parquet passed between dbt and Python steps."""
        return self.root / "exchange"

    @property
    def published(self) -> Path:
        """Published versions and the pointer to the current one."""
        return self.root / "published"

    @property
    def lock(self) -> Path:
        """The file that a run locks (flock), so that only one run is active at a time."""
        return self.root / "lock"

    @property
    def key(self) -> Path:
        """The secret of the pseudonyms (mode 0600)."""
        return self.root / "key"

    @property
    def audiences(self) -> Path:
        """Exported audiences, with names and addresses in clear (mode 0700)."""
        return self.root / "audiences"

    @property
    def audience_touches(self) -> Path:
        """The inbox of the files of campaign touches that exports of audiences write, one folder per source."""
        return self.root / "audience_touches"

    @property
    def erasures(self) -> Path:
        """Tombstones and certificates of erasures. Not below `state`, because they cannot be rebuilt."""
        return self.root / "erasures"

    @property
    def decisions(self) -> Path:
        """The user's links and unlinks of references (mode 0600). Not below `state`, because they cannot be rebuilt."""
        return self.root / "identity" / "decisions.jsonl"

    @property
    def state(self) -> Path:
        """Internal files. All of them can be rebuilt, except for Dagster's history."""
        return self.root / "state"

    @property
    def pulls(self) -> Path:
        """One folder per pulled source: the pages of an unfinished pull, and the report of the last one (mode 0700)."""
        return self.state / "pulls"

    @property
    def pushes(self) -> Path:
        """One folder per source: what was last written into the fields of each object of its CRM (mode 0700)."""
        return self.state / "push"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that dbt builds in."""
        return self.state / "warehouse.duckdb"

    @property
    def dagster(self) -> Path:
        """Dagster's instance folder (DAGSTER_HOME)."""
        return self.state / "dagster"

    @property
    def alive(self) -> Path:
        """One locked file per process that runs something (see runs/liveness.py)."""
        return self.state / "alive"

    @property
    def target(self) -> Path:
        """dbt's artifacts and parse caches."""
        return self.state / "target"

    @property
    def logs(self) -> Path:
        """One log per run, and dbt's own logs."""
        return self.state / "logs"

    @property
    def quality(self) -> Path:
        """Each gate's page of the last run; published with the marts."""
        return self.state / "quality"

    @property
    def build_state(self) -> Path:
        """What the warehouse contains (see runs/build_state.py)."""
        return self.state / "build.json"

    @property
    def build_plan(self) -> Path:
        """How the current build is done (see runs/plan.py)."""
        return self.state / "plan.json"

    @property
    def marks(self) -> Path:
        """Which parts of the build are complete and which checks they passed (see runs/marks.py)."""
        return self.state / "marks.json"

    @property
    def inbox_seen(self) -> Path:
        """Size and time of the inboxes' files when they were landed (see landing/inbox_snapshot.py)."""
        return self.state / "inbox.json"

    @property
    def last_run(self) -> Path:
        """The last run's stages, counts and seconds, for `loyalty status`."""
        return self.state / "last_run.json"

    @property
    def notifications(self) -> Path:
        """The notifications that were sent so far (see runs/notifications/sent.py)."""
        return self.state / "notifications.json"
