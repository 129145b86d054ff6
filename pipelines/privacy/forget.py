"""Plans and performs the erasure of a person. Only this module defines the order of the steps.

The journal is written first, so that the next erasure or run finishes an erasure that was killed. Then the tombstones
are written, so that no erased person comes back in the meantime. The certificate is written and the journal removed at
the end. Every step in between can be repeated. The caller has the run lock.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.durable import sync_file, umask
from pipelines.base.errors import BuildError
from pipelines.config.secret_key import existing_keys, load_key, load_keys
from pipelines.config.settings import Settings
from pipelines.identity.contacts import ContactRules
from pipelines.identity.decisions import forget_refs
from pipelines.identity.plain_contacts import email_of, phone_of
from pipelines.identity.pseudonyms import key_fingerprint
from pipelines.landing import EarlierBatch, Erase, load_mapping, read_ledger
from pipelines.landing.prepare import prepared
from pipelines.privacy.certificate import Certificate, VersionErased, write_certificate
from pipelines.privacy.customer_keys import customer_keys, named_in_the_build, refs_of
from pipelines.privacy.exchanged import names_person
from pipelines.privacy.find import find_person, open_landed, still_named
from pipelines.privacy.landed import affected, batches_about, erase_landed
from pipelines.privacy.landed_again import check_nobody_returns
from pipelines.privacy.members import shown
from pipelines.privacy.plan import JOURNAL, Plan, new_erasure_id, read_journal, write_journal
from pipelines.privacy.rewrite import DATASETS
from pipelines.privacy.subject import Subject
from pipelines.privacy.tombstones import (
    EMAIL,
    PHONE,
    REF,
    TOMBSTONES,
    add_tombstones,
    erase_staged,
    read_tombstones,
    recognised,
    tombstone,
)
from pipelines.privacy.traces import find_originals, remove_logs, remove_state
from pipelines.publication import erase_customers, list_versions

Progress = Callable[[str], None]
log = logging.getLogger("loyalty.privacy")


def plan_erasure(
    settings: Settings, asked: str, *, by: str | None = None, source: str | None = None, only: Sequence[str] = ()
) -> Plan:
    """Plan the erasure of a person. Nothing is changed, not even the leftovers of a killed run.

    Args:
        settings: The settings.
        asked: A reference, an e-mail address or a phone number.
        by: The kind of `asked`; None to detect it.
        source: The source of the reference.
        only: Erase only these references of the person (SOURCE:REF, or REF); empty for all.

    Raises:
        ConfigError: `asked` could mean different people, or a reference in `only` is not one of the person.
    """
    keys = existing_keys(settings.paths.key, settings.key_text)
    try:
        with open_landed(settings.paths.landing) as landed:
            found = find_person(landed, settings, asked, by=by, source=source, only=only)
            subject = found.subject or _unknown_subject(settings, found.kind, asked, source)
            counts, batches = affected(landed, subject)
            files = batches_about(landed, settings.paths.landing, batches)
    except duckdb.Error as error:
        raise _search_failed(error) from None
    return Plan(
        id=new_erasure_id(),
        kind=found.kind,
        asked=_asked(keys[0], found.kind, asked, subject) if keys else (),
        subject=subject,
        members=shown(found.members, erased := refs_of(subject)),
        left=tuple(sorted({member.ref for member in found.members} - erased)),
        customer_keys=customer_keys(keys, erased | {member.ref for member in found.members}),
        shared=found.shared,
        landed=counts,
        batches=tuple(sorted(batches)),
        files=files,
    )


def plan_erasures_again(settings: Settings) -> Plan | None:
    """Plan a second erasure of everyone who has a tombstone; None if there are no tombstones. Nothing is changed.

    This is for a home that was restored from a backup older than an erasure. Tombstones contain no names, but every
    stored value can be compared with them, as landing does with files.

    Args:
        settings: The settings.

    Raises:
        ConfigError: The key of some tombstones is missing.
    """
    paths = settings.paths
    keys = existing_keys(paths.key, settings.key_text)
    tombstones = read_tombstones(paths.erasures, lambda: keys, ContactRules.of(settings.model.identity))
    if tombstones is None:
        return None
    subject = Subject()
    try:
        with open_landed(paths.landing) as landed:
            for source in sorted(set(read_ledger(settings.home).column("source").to_pylist())):
                mine = f"where source = {quoting.text(source)}"
                relations = {dataset: f"(select * from {dataset} {mine})" for dataset in DATASETS}  # noqa: S608 (names of ours)
                subject = subject.joined(recognised(landed, tombstones, relations, source))
            counts, batches = affected(landed, subject)
            files = batches_about(landed, paths.landing, batches)
    except duckdb.Error as error:
        raise _search_failed(error) from None
    return Plan(
        id=new_erasure_id(),
        kind=TOMBSTONES,
        asked=(),
        subject=subject,
        customer_keys=customer_keys(keys, refs_of(subject)),
        landed=counts,
        batches=tuple(sorted(batches)),
        files=files,
    )


def erase(settings: Settings, plan: Plan, users_umask: int, progress: Progress = log.info) -> Certificate:
    """Erase a person as planned, and write the certificate.

    Args:
        settings: The settings.
        plan: The plan.
        users_umask: The umask for published files. Everything else is written with the current umask.
        progress: Called with a text about each step.

    Raises:
        LoyaltyError: A step failed. The next `loyalty forget` or `loyalty run` finishes the erasure.
    """
    paths = settings.paths
    paths.erasures.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_journal(paths.erasures, plan)
    progress("writing tombstones")
    keys = load_keys(paths.key, settings.key_text)
    add_tombstones(paths.erasures, keys[0], plan.subject, plan.id)
    decisions = forget_refs(paths.decisions, named_in_the_build(keys, refs_of(plan.subject)), plan.words)
    state: list[str] = []
    if plan.is_known or names_person(paths.exchange, plan.subject):
        progress("removing the warehouse; the next run builds it again")
        state = remove_state(paths)
    if plan.is_known:
        progress(f"rewriting {len(plan.batches)} batches")
        _erase_batches(paths.landing, plan)
    progress("rewriting published versions")
    with umask(users_umask):
        versions = erase_customers(
            paths.published, plan.customer_keys, done=lambda name: progress(f"replaced version {name}")
        )
    originals = find_originals(paths, [source.files for source in settings.sources], plan.files)
    for path in originals.inside:
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
        links=dict(sorted(Counter(member.link for member in plan.members).items())),
        removed_keys=customer_keys(keys, refs_of(plan.subject)),
        remaining_keys=_remaining_keys(settings, plan),
        shared=plan.shared,
        landed=plan.landed,
        decisions=decisions,
        state=tuple(state),
        versions=tuple(VersionErased(id=one.id, became=one.became, rows=one.rows) for one in versions),
        inbox_removed=tuple(_withheld(name, plan) for name in originals.inside.values()),
        inbox_left=tuple(_withheld(name, plan) for name in originals.outside.values()),
        logs_removed=tuple(logs),
        to_do=tuple(_to_do(settings, plan, originals.outside, left)),
    )
    write_certificate(paths.erasures, certificate)
    (paths.erasures / JOURNAL).unlink()
    sync_file(paths.erasures)
    log.info("erasure %s is done", plan.id)
    return certificate


def finish_pending(settings: Settings, users_umask: int, progress: Progress = log.warning) -> Certificate | None:
    """Finish an erasure that was interrupted, if there is one."""
    plan = read_journal(settings.paths.erasures)
    if plan is None:
        return None
    progress(f"finishing the erasure {plan.id}, which was interrupted")
    return erase(settings, plan, users_umask)


def landing_eraser(settings: Settings) -> Erase | None:
    """The function that landing calls with each new batch; None if no person has been erased.

    Raises:
        ConfigError: The key of some tombstones is missing.
    """
    paths = settings.paths
    rules = ContactRules.of(settings.model.identity)
    tombstones = read_tombstones(paths.erasures, lambda: load_keys(paths.key, settings.key_text), rules)
    if tombstones is None:
        return None

    def erase_new(folder: Path, source: str, records: int, again: EarlierBatch | None) -> Mapping[str, int]:
        removed = erase_staged(tombstones, folder, source)
        if again is not None:
            check_nobody_returns(folder, records, again)
        return removed

    return erase_new


def _search_failed(error: duckdb.Error) -> BuildError:
    """The error without the engine's message, which could quote the searched value."""
    return BuildError(
        f"landed files cannot be searched: {type(error).__name__}",
        hint="raise `engine.memory_limit` in loyalty.yml, and try again",
    )


def _erase_batches(landing: Path, plan: Plan) -> None:
    try:
        with prepared(landing) as store:
            erase_landed(store, plan.subject, set(plan.batches))
    except duckdb.Error as error:
        raise BuildError(
            f"a landed batch cannot be rewritten: {type(error).__name__}",
            hint="check the free space on the disk, and run the same command again",
        ) from None


def _unknown_subject(settings: Settings, kind: str, asked: str, source: str | None) -> Subject:
    """The identifiers for tombstones if there is no data: the person may be in a file that is delivered later."""
    landed = set(read_ledger(settings.home).column("source").to_pylist())
    sources = {source} if source else landed | {load_mapping(one.mapping).source for one in settings.sources}
    if kind == REF:
        return Subject(refs=frozenset((name, asked.strip()) for name in sources))
    form = ContactRules.of(settings.model.identity).form("email" if kind == EMAIL else "phone", asked)
    forms = frozenset({form} if form is not None else ())
    if kind == PHONE:
        return Subject(phones=frozenset({phone_of(asked)}), forms=forms)
    # kept versions may have them as a guest
    guests = frozenset((name, form) for name in sources for form in forms)
    return Subject(emails=frozenset({email_of(asked)}), forms=forms, guests=guests)


def _remaining_keys(settings: Settings, plan: Plan) -> tuple[str, ...]:
    """The pseudonyms of the references that stay, read again from the landed rows."""
    if not plan.left:
        return ()
    try:
        with open_landed(settings.paths.landing) as landed:
            left = still_named(landed, settings, plan.left)
    except duckdb.Error as error:
        raise _search_failed(error) from None
    return customer_keys([load_key(settings.paths.key, settings.key_text)], left)


def _asked(key: bytes, kind: str, asked: str, subject: Subject) -> tuple[str, ...]:
    if kind == EMAIL:
        return (tombstone(key, EMAIL, "", email_of(asked)),)
    if kind == PHONE:
        return (tombstone(key, PHONE, "", phone_of(asked)),)
    named = [pair for pair in sorted(subject.refs) if pair[1] == asked.strip()] or sorted(subject.refs)
    return tuple(tombstone(key, REF, source, ref) for source, ref in named)


def _withheld(name: str, plan: Plan) -> str:
    return "(not shown: the file name identifies the person)" if any(w in name.lower() for w in plan.words) else name


def _to_do(settings: Settings, plan: Plan, originals: Mapping[Path, str], left: list[str]) -> list[str]:
    known = {key_fingerprint(key) for key in load_keys(settings.paths.key, settings.key_text)}
    with_lost_key = [
        version.id
        for version in list_versions(settings.paths.published)
        if version.manifest and version.manifest.inputs.get("key_fingerprint", next(iter(known))) not in known
    ]
    to_do = []
    if plan.is_known:
        to_do.append("call `loyalty run`: it builds the warehouse and the marts again")
    if plan.shared:
        to_do.append(
            "other people keep the identifiers that they share with this person. If they are the same person, call"
            " `loyalty forget` with the e-mail address or phone number"
        )
    if plan.left:
        to_do.append(
            f"{len(plan.left)} other references of the person stay, as you asked. Kept versions lost the rows of all"
            " references of the person, because these rows are about all of them together; the next run publishes the"
            " other references again"
        )
    if originals:
        to_do.append(
            f"{len(originals)} original files outside home have data of the person: remove them, and do not deliver"
            " them again"
        )
    if missing := [str(source.files) for source in settings.sources if not source.files.is_dir()]:
        to_do.append(
            f"these folders were not available, so their original files were not searched: {', '.join(missing)}. Remove"
            " the files in them that contain this person, and do not deliver them again"
        )
    if with_lost_key:
        to_do.append(
            f"the versions {', '.join(with_lost_key)} were published with a key that no longer exists, so they cannot"
            " be searched: remove them"
        )
    if left:
        to_do.append(f"these files name the person, but are not logs, so they were not removed: {', '.join(left)}")
    return [*to_do, "remove the person from backups, and from copies that readers made"]
