"""Performs a planned erasure. Only this module defines the order of the steps.

The journal is written first, so that the next erasure or run finishes an erasure that was killed. Then the tombstones
are written, so that no erased person comes back in the meantime. The home comes before the targets of `publish`,
because a target may be out of reach. The certificate is written and the journal removed at the end. Every step in
between can be repeated. The caller has the run lock.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.base.durable import sync_file, umask
from pipelines.base.errors import BuildError
from pipelines.base.text import counted
from pipelines.config.secret_key import load_key, load_keys
from pipelines.config.settings import Settings
from pipelines.identity.contacts import ContactRules
from pipelines.identity.decisions import forget_refs
from pipelines.identity.pseudonyms import key_fingerprint
from pipelines.landing import EarlierBatch, Erase, ErasedRows
from pipelines.landing.packs import remove_packs
from pipelines.landing.prepare import prepared
from pipelines.privacy.audience_files import erase_from_audiences, erase_from_touches
from pipelines.privacy.certificate import Certificate, HomeErased, TargetErased, VersionErased, write_certificate
from pipelines.privacy.customer_keys import customer_keys, named_in_the_build, refs_of
from pipelines.privacy.exchanged import names_person
from pipelines.privacy.find import open_landed, still_named
from pipelines.privacy.landed import erase_landed
from pipelines.privacy.landed_again import check_nobody_returns
from pipelines.privacy.plan import JOURNAL, Plan, read_journal, write_journal
from pipelines.privacy.planning import search_failed
from pipelines.privacy.pushed import erase_from_pushes
from pipelines.privacy.tombstones import (
    add_tombstones,
    erase_staged,
    read_tombstones,
)
from pipelines.privacy.traces import find_originals, remove_logs, remove_state, remove_unfinished_files
from pipelines.publication import erase_customers, list_versions
from pipelines.publication.targets import Followed, TargetError, follow_all

Progress = Callable[[str], None]
log = logging.getLogger("loyalty.privacy")


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
    erased, outside, left = _erase_from_home(settings, plan, keys, users_umask, progress)
    targets = _erase_from_targets(settings, plan.model_copy(update={"erased": erased}), progress)
    certificate = Certificate(
        id=plan.id,
        done_at=datetime.now(UTC),
        by=plan.kind,
        asked=plan.asked,
        was_held=plan.is_known or bool(erased.versions),
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
        decisions=erased.decisions,
        state=erased.state,
        versions=erased.versions,
        targets=tuple(TargetErased(name=one.name, removed=one.removed, versions=one.versions) for one in targets),
        audiences=erased.audiences,
        inbox_removed=erased.inbox_removed,
        inbox_left=tuple(_withheld(name, plan) for name in outside.values()),
        logs_removed=erased.logs_removed,
        to_do=(*erased.in_crms, *_to_do(settings, plan, outside, left)),
    )
    write_certificate(paths.erasures, certificate)
    (paths.erasures / JOURNAL).unlink()
    sync_file(paths.erasures)
    log.info("erasure %s is done", plan.id)
    return certificate


def _erase_from_home(
    settings: Settings, plan: Plan, keys: Sequence[bytes], users_umask: int, progress: Progress
) -> tuple[HomeErased, Mapping[Path, str], list[str]]:
    """Erase the person from all places of the home.

    Each step notes in the journal what it finds, before it removes it: the certificate has it also after a kill.

    Returns:
        What was removed, also before a kill; the original files outside the home; files with the person that are not
        logs.
    """
    from pipelines.report.changes import changes_of  # late: its libraries take long to import
    from pipelines.report.page import report_of

    paths = settings.paths
    noted = _Noted(paths.erasures, plan)
    forget_refs(
        paths.decisions,
        named_in_the_build(keys, refs_of(plan.subject)),
        plan.words,
        lambda count: noted.add(decisions=count),
    )
    if plan.is_known or names_person(paths.exchange, plan.subject):
        progress("removing the warehouse; the next run builds it again")
        remove_state(paths, lambda names: noted.add(state=tuple(names)))
    if plan.is_known:
        progress(f"rewriting {counted(len(plan.batches), 'batch', 'batches')}")
        _erase_batches(paths.landing, plan)
    progress("rewriting published versions")
    with umask(users_umask):
        erase_customers(
            paths.published,
            plan.customer_keys,
            found=lambda one: noted.add(versions=(VersionErased(id=one.id, became=one.became, rows=one.rows),)),
            done=lambda name: progress(f"replaced version {name}"),
            report=report_of,
            changes=changes_of,
        )
    if audiences := erase_from_audiences(
        paths.audiences, plan.customer_keys, lambda name: noted.add(audiences=(name,))
    ):
        progress(f"removed the person from {counted(len(audiences), 'export of an audience', 'exports of audiences')}")
    folders = [*(source.files for source in settings.sources), *sorted(paths.audience_touches.glob("*"))]
    originals = find_originals(paths, folders, plan.files)
    noted.add(inbox_removed=tuple(_withheld(name, plan) for name in originals.inside.values()))
    for path in originals.inside:
        path.unlink()
        sync_file(path.parent)
    erase_from_touches(paths.audience_touches, set(refs_of(plan.subject)))  # those that have not landed
    erase_from_pushes(paths.pushes, set(refs_of(plan.subject)), lambda *pushed: noted.add(in_crms=(_in_crm(*pushed),)))
    unfinished = remove_unfinished_files(paths, [source.files for source in settings.sources if source.pull])
    noted.add(state=tuple(unfinished))
    left = remove_logs(paths, plan.words, lambda name: noted.add(logs_removed=(name,)))
    return noted.erased, originals.outside, left


class _Noted:
    """What an erasure removes from the home, in its journal.

    Args:
        folder: `<home>/erasures`.
        plan: The erasure, with what was noted before it was killed.

    Attributes:
        erased: Everything noted so far.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder, self._plan = folder, plan
        self.erased = plan.erased

    def add(self, **found: Any) -> None:
        """Note some fields of `HomeErased`."""
        erased = HomeErased(**found).after(self.erased)
        if erased != self.erased:
            self.erased = erased
            write_journal(self._folder, self._plan.model_copy(update={"erased": erased}))


def _erase_from_targets(settings: Settings, plan: Plan, progress: Progress) -> tuple[Followed, ...]:
    """Make the targets equal to the home. The journal keeps what was removed from the home, for the next attempt."""
    try:
        return follow_all(settings, progress)
    except TargetError as error:
        write_journal(settings.paths.erasures, plan)
        raise TargetError(
            f"{error.message.rstrip('.')}. The erasure {plan.id} is not complete: the person is erased from the home,"
            " but a target of `publish` may still have data of the person",
            hint=f"{error.hint.rstrip('.')}. Then call the same command again, or `loyalty run`: both finish the"
            " erasure",
        ) from error


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

    def erase_new(folder: Path, source: str, records: int, again: EarlierBatch | None) -> Mapping[str, ErasedRows]:
        erased = erase_staged(tombstones, folder, source)
        if again is not None:
            check_nobody_returns(folder, records, again)
        return erased

    return erase_new


def _erase_batches(landing: Path, plan: Plan) -> None:
    try:
        with prepared(landing) as store:
            remove_packs(landing, set(plan.batches))  # first, so that no copy of a row outlives the row
            erase_landed(store, plan.subject, set(plan.batches))
    except duckdb.Error as error:
        raise BuildError(
            f"a landed batch cannot be rewritten: {type(error).__name__}",
            hint="check the free space on the disk, and run the same command again",
        ) from None


def _remaining_keys(settings: Settings, plan: Plan) -> tuple[str, ...]:
    """The pseudonyms of the references that stay, read again from the landed rows."""
    if not plan.left:
        return ()
    try:
        with open_landed(settings.paths.landing) as landed:
            left = still_named(landed, settings, plan.left)
    except duckdb.Error as error:
        raise search_failed(error) from None
    return customer_keys([load_key(settings.paths.key, settings.key_text)], left)


def _withheld(name: str, plan: Plan) -> str:
    return "(not shown: the file name identifies the person)" if any(w in name.lower() for w in plan.words) else name


def _in_crm(source: str, name: str, count: int) -> str:
    return (
        f"{counted(count, 'record')} of {name} in the CRM of the source {source} had fields that `loyalty push` wrote:"
        " delete the person there too, or clear these fields"
    )


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
            f"{counted(len(plan.left), 'other reference')} of the person"
            f" {'stays' if len(plan.left) == 1 else 'stay'}, as you asked. Kept versions lost the rows of all"
            " references of the person, because these rows are about all of them together; the next run publishes the"
            " other references again"
        )
    if plan.joined_before:
        to_do.append(
            f"{counted(len(plan.joined_before), 'reference')} of others may have been one customer with the"
            " person before you separated them. Kept versions lost the rows of these references too; the next run"
            f" publishes them again"
        )
    if originals:
        to_do.append(
            f"{counted(len(originals), 'original file outside home has', 'original files outside home have')}"
            " data of the person: remove every one, and do not deliver it again"
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
