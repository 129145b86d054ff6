"""Forgetting a person: what will be done, and doing it. The one place that knows the order.

The journal comes first, so that an erasure which was killed is finished by the next one or by the next run; then the
tombstones, so that nobody comes back meanwhile; the certificate and the journal's removal come last. Each step in
between may be done twice. The caller holds the run's lock.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.base.durable import sync_file, umask
from pipelines.base.errors import BuildError
from pipelines.config.secret_key import existing_keys, load_key, load_keys
from pipelines.config.settings import Settings
from pipelines.identity.pseudonyms import customer_key, key_fingerprint
from pipelines.landing import Again, Erase, load_mapping, read_ledger
from pipelines.landing.expressions import quote_text
from pipelines.landing.prepare import prepared
from pipelines.privacy.certificate import Certificate, VersionErased, write_certificate
from pipelines.privacy.find import find_person, open_landed
from pipelines.privacy.landed import affected, batches_about, erase_landed
from pipelines.privacy.landed_again import check_nobody_returns
from pipelines.privacy.plan import JOURNAL, Plan, new_erasure_id, read_journal, write_journal
from pipelines.privacy.rewrite import DATASETS
from pipelines.privacy.subject import Subject, email_of, phone_of
from pipelines.privacy.tombstones import (
    EMAIL,
    PHONE,
    REF,
    TOMBSTONES,
    erase_staged,
    lay,
    read_tombstones,
    recognised,
    tombstone,
)
from pipelines.privacy.traces import find_originals, remove_logs, remove_state
from pipelines.publication import erase_customers, list_versions

Say = Callable[[str], None]
log = logging.getLogger("loyalty.privacy")


def plan_erasure(settings: Settings, asked: str, *, by: str | None = None, source: str | None = None) -> Plan:
    """What erasing a person will do; nothing is changed, not even what a killed run left.

    Args:
        settings: The settings in force.
        asked: A reference, an e-mail address or a phone number.
        by: Which of these it is; None to find out.
        source: The source of the reference.

    Raises:
        ConfigError: It could mean different people.
    """
    keys = existing_keys(settings.paths.key, settings.key_text)
    try:
        with open_landed(settings.paths.landing) as landed:
            found = find_person(landed, asked, by=by, source=source)
            subject = found.subject or _of_nobody(settings, found.kind, asked, source)
            counts, batches = affected(landed, subject)
            files = batches_about(landed, settings.paths.landing, batches)
    except duckdb.Error as error:
        # its words may quote what was asked for
        raise BuildError(
            f"landed files cannot be searched: {type(error).__name__}", hint="try with more memory"
        ) from None
    return Plan(
        id=new_erasure_id(),
        kind=found.kind,
        asked=_asked(keys[0], found.kind, asked, subject) if keys else (),
        subject=subject,
        customer_keys=_customer_keys(keys, subject),
        shared=found.shared,
        landed=counts,
        batches=tuple(sorted(batches)),
        files=files,
    )


def plan_erasures_again(settings: Settings) -> Plan | None:
    """What erasing everybody again will do who has a tombstone; None if nobody has one. Nothing is changed.

    For a home that was restored from a backup older than an erasure: tombstones name nobody, but every value that is
    held can be compared with them, as landing does with files.

    Args:
        settings: The settings in force.

    Raises:
        ConfigError: The key of some tombstones is gone.
    """
    paths = settings.paths
    keys = existing_keys(paths.key, settings.key_text)
    tombstones = read_tombstones(paths.erasures, lambda: keys)
    if tombstones is None:
        return None
    subject = Subject()
    try:
        with open_landed(paths.landing) as landed:
            for source in sorted(set(read_ledger(settings.home).column("source").to_pylist())):
                mine = f"where source = {quote_text(source)}"
                relations = {dataset: f"(select * from {dataset} {mine})" for dataset in DATASETS}  # noqa: S608 (names of ours)
                subject = subject.joined(recognised(landed, tombstones, relations, source))
            counts, batches = affected(landed, subject)
            files = batches_about(landed, paths.landing, batches)
    except duckdb.Error as error:
        raise BuildError(
            f"landed files cannot be searched: {type(error).__name__}", hint="try with more memory"
        ) from None
    return Plan(
        id=new_erasure_id(),
        kind=TOMBSTONES,
        asked=(),
        subject=subject,
        customer_keys=_customer_keys(keys, subject),
        landed=counts,
        batches=tuple(sorted(batches)),
        files=files,
    )


def erase(settings: Settings, plan: Plan, users_umask: int, say: Say = log.info) -> Certificate:
    """Erase a person as planned, and certify it.

    Args:
        settings: The settings in force.
        plan: What to do.
        users_umask: The umask for what readers may read; everything else is written under the one in force.
        say: Told each step.

    Raises:
        LoyaltyError: A step failed; what was begun is finished by the next `loyalty forget` or `loyalty run`.
    """
    paths = settings.paths
    paths.erasures.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_journal(paths.erasures, plan)
    say("laying tombstones")
    lay(paths.erasures, load_key(paths.key, settings.key_text), plan.subject, plan.id)
    state: list[str] = []
    if plan.is_known:
        say("removing the warehouse, which the next run builds anew")
        state = remove_state(paths)
        say(f"writing {len(plan.batches)} batches anew")
        _erase_batches(paths.landing, plan)
    say("writing published versions anew")
    with umask(users_umask):
        versions = erase_customers(
            paths.published, plan.customer_keys, done=lambda name: say(f"replaced version {name}")
        )
    originals = find_originals(paths, [source.files for source in settings.sources], plan.files)
    for path in originals.ours:
        path.unlink()
        sync_file(path.parent)
    logs, left = remove_logs(paths, plan.words)
    certificate = Certificate(
        id=plan.id,
        done_at=datetime.now(UTC),
        by=plan.kind,
        asked=plan.asked,
        was_held=plan.is_known or bool(versions),
        identifiers={
            "references": len(plan.subject.refs),
            "emails": len(plan.subject.emails),
            "phones": len(plan.subject.phones),
            "orders": len(plan.subject.orders),
        },
        shared=plan.shared,
        landed=plan.landed,
        state=tuple(state),
        versions=tuple(VersionErased(id=one.id, became=one.became, rows=one.rows) for one in versions),
        inbox_removed=tuple(_withheld(name, plan) for name in originals.ours.values()),
        inbox_left=tuple(_withheld(name, plan) for name in originals.theirs.values()),
        logs_removed=tuple(logs),
        to_do=tuple(_to_do(settings, plan, originals.theirs, left)),
    )
    write_certificate(paths.erasures, certificate)
    (paths.erasures / JOURNAL).unlink()
    sync_file(paths.erasures)
    log.info("erasure %s is done", plan.id)
    return certificate


def finish_pending(settings: Settings, users_umask: int, say: Say = log.warning) -> Certificate | None:
    """Finish an erasure that was begun and stopped, if there is one."""
    plan = read_journal(settings.paths.erasures)
    if plan is None:
        return None
    say(f"finishing the erasure {plan.id}, which was stopped")
    return erase(settings, plan, users_umask)


def landing_eraser(settings: Settings) -> Erase | None:
    """What landing calls with each new batch; None where nobody has been erased.

    Raises:
        ConfigError: The key of some tombstones is gone.
    """
    paths = settings.paths
    tombstones = read_tombstones(paths.erasures, lambda: load_keys(paths.key, settings.key_text))
    if tombstones is None:
        return None

    def erase_new(folder: Path, source: str, records: int, again: Again | None) -> Mapping[str, int]:
        removed = erase_staged(tombstones, folder, source)
        if again is not None:
            check_nobody_returns(folder, records, again)
        return removed

    return erase_new


def _erase_batches(landing: Path, plan: Plan) -> None:
    try:
        with prepared(landing) as store:
            erase_landed(store, plan.subject, set(plan.batches))
    except duckdb.Error as error:
        raise BuildError(
            f"a landed batch cannot be written anew: {type(error).__name__}",
            hint="check the free space, and run the same command again",
        ) from None


def _of_nobody(settings: Settings, kind: str, asked: str, source: str | None) -> Subject:
    """What to lay a tombstone for where nothing is held: the person may be in a file that comes tomorrow."""
    if kind == EMAIL:
        return Subject(emails=frozenset({email_of(asked)}))
    if kind == PHONE:
        return Subject(phones=frozenset({phone_of(asked)}))
    landed = set(read_ledger(settings.home).column("source").to_pylist())
    sources = {source} if source else landed | {load_mapping(one.mapping).source for one in settings.sources}
    return Subject(refs=frozenset((name, asked.strip()) for name in sources))


def _customer_keys(keys: Sequence[bytes], subject: Subject) -> tuple[str, ...]:
    return tuple(sorted({customer_key(key, source, ref) for key in keys for source, ref in subject.refs}))


def _asked(key: bytes, kind: str, asked: str, subject: Subject) -> tuple[str, ...]:
    if kind == EMAIL:
        return (tombstone(key, EMAIL, "", email_of(asked)),)
    if kind == PHONE:
        return (tombstone(key, PHONE, "", phone_of(asked)),)
    named = [pair for pair in sorted(subject.refs) if pair[1] == asked.strip()] or sorted(subject.refs)
    return tuple(tombstone(key, REF, source, ref) for source, ref in named)


def _withheld(name: str, plan: Plan) -> str:
    return "(its name names them)" if any(word in name.lower() for word in plan.words) else name


def _to_do(settings: Settings, plan: Plan, originals: Mapping[Path, str], left: list[str]) -> list[str]:
    known = {key_fingerprint(key) for key in load_keys(settings.paths.key, settings.key_text)}
    strangers = [
        version.id
        for version in list_versions(settings.paths.published)
        if version.manifest and version.manifest.inputs.get("key_fingerprint", next(iter(known))) not in known
    ]
    to_do = []
    if plan.is_known:
        to_do.append("run `loyalty run`: it builds the warehouse and the marts anew")
    if plan.shared:
        to_do.append(
            "identifiers that others have too stay with the others; if these are the same person,"
            " call `loyalty forget` with the address or number itself"
        )
    if originals:
        to_do.append(
            f"{len(originals)} original files outside home hold them: remove these, and do not deliver them again"
        )
    if missing := [str(source.files) for source in settings.sources if not source.files.is_dir()]:
        to_do.append(
            f"these folders were not available, so their original files were not searched: {', '.join(missing)}. Remove"
            " the files in them that contain this person, and do not deliver them again"
        )
    if strangers:
        to_do.append(
            f"versions {', '.join(strangers)} were published under a key that is gone, and cannot be searched:"
            " remove them"
        )
    if left:
        to_do.append(f"these files name them, and are no logs: {', '.join(left)}")
    return [*to_do, "backups and copies that readers made are yours"]
