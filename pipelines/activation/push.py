"""Pushes columns of the marts into fields of a CRM: only changes, and only what is known.

What to write follows from the current version and from what was pushed last. Each batch of records is read from the CRM
first, so that a push writes no value that is there already, knows the old value, and skips records that the object does
not have. What the CRM has confirmed is kept before the next batch (pushed.py), so a push that was stopped continues.
"""

import importlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager

import pyarrow as pa

from pipelines.activation.push_crm import Crm, CrmField, Values, comparable
from pipelines.activation.push_fields import chosen_fields, require_options
from pipelines.activation.push_report import Change, PushReport
from pipelines.activation.push_touches import absent, confirmed, pushed_members, treated_keys, write_new_touches
from pipelines.activation.push_wanted import pending, references, wanted
from pipelines.base.errors import BuildError, ConfigError, PullError, PushError, places_of
from pipelines.config.push import PushSettings
from pipelines.config.secret_key import load_keys
from pipelines.config.settings import Settings
from pipelines.connectors.pulled_source import PulledSource, chosen, pulled_sources
from pipelines.identity.contacts import ContactRules
from pipelines.privacy.plan import read_journal
from pipelines.privacy.pushed import PushState
from pipelines.privacy.tombstones import REF, Tombstones, read_tombstones
from pipelines.reading import open_version

log = logging.getLogger(__name__)

Say = Callable[[str], None]
CONNECTORS = ("zoho", "fxiaoke")
_MOST_REFUSED = 200  # in a row: the cause is then not in single records


def push(
    settings: Settings,
    entry: PushSettings,
    *,
    dry_run: bool = False,
    is_full: bool = False,
    most_shown: int = 20,
    say: Say = lambda _: None,
) -> PushReport:
    """Push what has changed into one object of a CRM. The caller has the run lock.

    Args:
        settings: The settings.
        entry: What is pushed: one of `settings.push`.
        dry_run: Only read, and report what would be written.
        is_full: Compare all records with the CRM, also those that were pushed with these values before.
        most_shown: How many changes the report lists.
        say: Receives the progress.

    Returns:
        What was written, what was refused, and the first changes.

    Raises:
        ConfigError: The source, a field, an option or an audience does not exist, or credentials are missing. Nothing
            was written.
        PublicationError: Nothing is published, or by an earlier program.
        BuildError: No run has built the marts yet, or an erasure is not finished.
        PushError: The CRM refused everything, or could not be reached. What it had confirmed is kept.
    """
    source = _source(settings, entry)
    paths = settings.paths
    if read_journal(paths.erasures) is not None:
        raise BuildError("an erasure was interrupted", hint="call `loyalty run`, which finishes it")
    tombstones = read_tombstones(
        paths.erasures, lambda: load_keys(paths.key, settings.key_text), ContactRules.of(settings.model.identity)
    )
    with (
        open_version(settings.home) as version,
        closing(_open(source, entry, settings)) as crm,
        PushState(paths.pushes / source.name, entry.object) as state,
    ):
        report = PushReport(entry.source, entry.object, version.id, dry_run)
        with _known_errors(crm, report):
            known = crm.fields()
        fields = chosen_fields(entry, known)
        refs = references(paths.warehouse, source.name, crm.id_pattern)
        before = state.read()
        members = pushed_members(settings, version, entry, refs, before)
        report.unknown_lines = {name: one.listed.unknown for name, one in members.items()}
        wants = wanted(version, entry, refs, treated_keys(members) if entry.audiences else None)
        require_options(entry, crm, fields, wants)
        todo = pending(wants, before, is_full=is_full)
        report.references, report.pending = refs.table.num_rows, todo.num_rows
        pushing = _Pushing(crm, fields, report, None if dry_run else state, tombstones, most_shown)
        stopped: PushError | None = None
        try:
            with _known_errors(crm, report):
                for batch in todo.to_batches(max_chunksize=crm.batch):
                    pushing.batch(batch)
                    say(f"{report.done:,} of {report.pending:,} records")
        except PushError as problem:
            stopped = problem
        if not dry_run:
            report.touches = write_new_touches(settings, version, entry, refs, members, state)
            state.merge()
        if stopped is not None:
            raise stopped
    return report


class _Pushing:
    """Pushes batches of records.

    Args:
        crm: The CRM.
        fields: The fields by name.
        report: Counts what happens.
        state: Keeps what is confirmed; None in a dry run.
        tombstones: Everyone who has been erased.
        most_shown: How many changes the report lists.
    """

    def __init__(
        self,
        crm: Crm,
        fields: Mapping[str, CrmField],
        report: PushReport,
        state: PushState | None,
        tombstones: Tombstones | None,
        most_shown: int,
    ) -> None:
        self._crm, self._fields, self._report, self._state = crm, fields, report, state
        self._tombstones = tombstones
        self._most = most_shown
        self._in_a_row = 0

    def batch(self, batch: pa.RecordBatch) -> None:
        """Push records: those that are confirmed are kept, also if the server fails in the middle."""
        records = {row["record_id"]: dict(row["fields"]) for row in batch.to_pylist()}
        for record in self._erased(records):
            del records[record]
            self._report.erased += 1
        present = self._crm.read(list(records), list(self._fields)) if records else {}
        kept: list[tuple[str, Mapping[str, str]]] = []
        changes: dict[str, tuple[Values, list[Change]]] = {}
        for record, texts in records.items():
            if record not in present:
                self._report.absent += 1
                kept.append((record, absent(texts)))
                continue
            values, differing = self._changes(record, texts, present[record])
            if values:
                changes[record] = values, differing
            else:
                self._report.same += 1
                kept.append((record, confirmed(texts)))
        try:
            for record in self._written(changes):
                kept.append((record, confirmed(records[record])))
        finally:
            if self._state is not None:
                self._state.add(kept)

    def _written(self, changes: Mapping[str, tuple[Values, list[Change]]]) -> Iterable[str]:
        """Write changes, and give the records that are confirmed."""
        if self._state is None:
            for _, differing in changes.values():
                self._report.note_written(differing, self._most)
            return
        for answer in self._crm.write({record: values for record, (values, _) in changes.items()}) if changes else ():
            if not answer.problem:
                self._in_a_row = 0
                self._report.note_written(changes[answer.record_id][1], self._most)
                yield answer.record_id
                continue
            self._report.note_refused(answer.record_id, answer.problem)
            self._in_a_row += 1
            if self._in_a_row == _MOST_REFUSED:
                raise PullError(
                    f"{_MOST_REFUSED} records were refused one after another, the last one with: {answer.problem}",
                    hint="correct the field or the rights in the CRM, and call the command again",
                )

    def _changes(self, record: str, texts: Mapping[str, str], present: Values) -> tuple[Values, list[Change]]:
        values, differing = {}, []
        for name, text in texts.items():
            one = self._fields[name]
            sent = self._crm.encoded(one, text)
            old, new = comparable(one.kind, present.get(name)), comparable(one.kind, sent)
            if old != new:
                values[name] = sent
                differing.append(Change(record, name, old, new))
        return values, differing

    def _erased(self, records: Iterable[str]) -> frozenset[str]:
        return self._tombstones.held(REF, self._report.source, records) if self._tombstones else frozenset()


def _source(settings: Settings, entry: PushSettings) -> PulledSource:
    source = chosen(pulled_sources(settings), entry.source)[0]
    if source.name != entry.source:
        raise ConfigError(
            f"push: `{entry.source}` is a connector, not a source; the source is named `{source.name}`",
            hint="write the name of the source in `push`",
        )
    if source.settings.connector not in CONNECTORS:
        raise ConfigError(
            f"push: the source `{source.name}` is pulled from {source.settings.connector}, but a push cannot write"
            " into this system",
            hint=f"name a source that is pulled from {' or '.join(CONNECTORS)}",
        )
    return source


def _open(source: PulledSource, entry: PushSettings, settings: Settings) -> Crm:
    # imported late: each has its own libraries
    module = importlib.import_module(f"pipelines.activation.push_{source.settings.connector}")
    crm: Crm = module.connect(source.settings, entry, settings.timezone)
    return crm


@contextmanager
def _known_errors(crm: Crm, report: PushReport) -> Iterator[None]:
    """Make every error of a CRM one that names the source, the object and what was done, with a hint for a push.

    Raises:
        PushError: For each error of the CRM, also if its answer has an unknown shape.
    """
    try:
        yield
    except PullError as problem:
        raise PushError(f"{report.stopped}: {problem.message}", crm.hint(problem)) from problem
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        log.error("push of %s: unexpected %s\n%s", report.source, type(problem).__name__, places_of(problem))
        raise PushError(
            f"{report.stopped}: an answer has an unknown shape ({type(problem).__name__})",
            hint="call the command again; if this repeats, report this error with the traceback in the log",
        ) from problem
