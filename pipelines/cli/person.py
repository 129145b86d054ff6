"""`loyalty forget` and `forget-again`, and `loyalty export` of a person: erase or hand out a person's data.

`forget` shows the references of the person and masks e-mails and phones; `forget-again` shows counts only.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipelines.base.durable import write_durably
from pipelines.base.errors import ConfigError, UnknownPersonError
from pipelines.base.stopping import stop_signal, stopped
from pipelines.base.text import counted
from pipelines.cli.console import JsonOption, out, print_error, print_json, reports_errors
from pipelines.cli.exclusive import exclusive, print_progress
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.config.secret_key import load_key
from pipelines.config.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.privacy import Certificate
    from pipelines.privacy.members import ShownMember


class By(StrEnum):
    """The kind of value that identifies a person."""

    REF = "ref"
    EMAIL = "email"
    PHONE = "phone"


PersonArgument = Annotated[
    str, typer.Argument(metavar="REF|EMAIL|PHONE", help="A customer's reference, e-mail or phone number.")
]
ByOption = Annotated[By | None, typer.Option("--by", help="The kind of value, if it could be more than one of these.")]
SourceOption = Annotated[str | None, typer.Option("--source", help="The source that the reference belongs to.")]


def _pending(settings: Settings) -> str:
    """The id of an erasure that did not finish; empty if there is none. It is reported here, but not finished."""
    from pipelines.privacy.plan import read_journal

    plan = read_journal(settings.paths.erasures)
    if plan is None:
        return ""
    print_progress(f"the erasure {plan.id} was stopped before its end; the output shows what is still stored")
    return plan.id


@contextmanager
def _whole(settings: Settings) -> Iterator[None]:
    """Tell the user about the rest of an erasure that a signal has stopped.

    Raises:
        Stopped: A signal has arrived.
    """
    from pipelines.privacy.plan import read_journal

    try:
        yield
    except BaseException as problem:
        if (number := stop_signal()) is None:
            raise
        plan = read_journal(settings.paths.erasures)
        if plan is None:
            raise stopped(number, "nothing of an erasure is left to do") from problem
        what = f"the erasure {plan.id} has begun and is not complete"
        raise stopped(number, what, "call the same command again, or `loyalty run`: both finish it") from problem


@reports_errors
def forget(
    asked: PersonArgument,
    by: ByOption = None,
    source: SourceOption = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="REF",
            help="Erase only this reference of the person (SOURCE:REF, or REF). Can be repeated. Default: all.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be erased, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking for confirmation.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase all data about a person permanently, now and in files that are delivered later."""
    from pipelines.privacy import erase, finish_pending, plan_erasure

    settings = load_settings(config, home)
    if not (dry_run or yes or sys.stdin.isatty()):
        raise ConfigError(
            "the erasure must be confirmed, and there is no terminal to ask",
            hint="see what would be erased (--dry-run), then add --yes",
        )
    with _whole(settings), exclusive(settings, "forget", read_only=dry_run) as user_umask:
        pending = _pending(settings)
        if not dry_run:
            load_key(settings.paths.key, settings.key_text)  # creates a missing key: tombstones need it
        plan = plan_erasure(settings, asked, by=by, source=source, only=only or ())
        is_held = plan.is_known
        planned = {
            "by": plan.kind,
            "is_held": plan.is_known,
            "members": [member.model_dump(mode="json") for member in plan.members],
            "references": len(plan.subject.refs) if plan.is_known else 0,
            "emails": len(plan.subject.emails) if plan.is_known else 0,
            "phones": len(plan.subject.phones) if plan.is_known else 0,
            "shared": plan.shared,
            "landed": plan.landed,
            "files": len(plan.files),
            "pending_erasure": pending or None,
        }
        if not as_json:
            _show(planned, plan.members)
        if dry_run:
            if as_json:
                print_json(planned)
        else:
            if not (yes or typer.confirm("Erase this person permanently?", err=True)):
                raise typer.Exit(1)
            finished = finish_pending(settings, user_umask, print_progress)
            if finished is not None and finished.asked and set(finished.asked) <= set(plan.asked):
                certificate, is_held = finished, finished.was_held  # the stopped erasure was of this person
            else:
                # the finished erasure was of another person and has rewritten the files: plan again
                if finished:
                    plan = plan_erasure(settings, asked, by=by, source=source, only=only or ())
                certificate = erase(settings, plan, user_umask, print_progress)
            if as_json:
                print_json(certificate.model_dump(mode="json"))
            else:
                _show_certificate(settings, certificate)
        if not is_held:
            tombstone = "" if dry_run else "; a tombstone erases that person from files that are delivered later"
            print_error(f"no data are stored about that person{tombstone}", "check the spelling, --by and --source")
            raise typer.Exit(UnknownPersonError.exit_code)


@reports_errors
def forget_again(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be erased, and change nothing.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase again everybody who was erased before. Needed after restoring a backup that is older than an erasure."""
    from pipelines.privacy import erase, finish_pending, plan_erasures_again

    settings = load_settings(config, home)
    with _whole(settings), exclusive(settings, "forget-again", read_only=dry_run) as user_umask:
        if not dry_run:
            finish_pending(settings, user_umask, print_progress)
        plan = plan_erasures_again(settings)
        landed = plan.landed if plan else {}
        certificate = erase(settings, plan, user_umask, print_progress) if plan and landed and not dry_run else None
        if as_json:
            print_json(certificate.model_dump(mode="json") if certificate else {"landed": landed})
            return
        _show_landed(landed)
        if plan is None:
            out().print(f"no person was erased before: there is no tombstone in {settings.paths.erasures}")
        elif not landed:
            out().print("no data are stored about anybody who was erased before")
        if certificate:
            _show_certificate(settings, certificate)


def _show(planned: dict[str, object], members: "Sequence[ShownMember]") -> None:
    names = ("references", "emails", "phones")
    out().print(
        f"found by {planned['by']}: "
        + ", ".join(counted(int(str(planned[name])), name.removesuffix("s")) for name in names)
    )
    if members:
        table = Table("source", "reference", "found by", "erased")
        for one in members:
            link = f"{one.link} {one.contact}" if one.contact else one.link
            table.add_row(*map(escape, (one.source, one.ref, link)), "yes" if one.is_erased else "no")
        out().print(table)
    shared = planned["shared"]
    if isinstance(shared, dict) and shared:
        listed = ", ".join(f"{count} {name}" for name, count in shared.items())
        out().print(f"not erased, because other people have the same: {listed}")
    landed = planned["landed"]
    if isinstance(landed, dict):
        _show_landed(landed)


def _show_landed(landed: dict[str, dict[str, int]]) -> None:
    if not landed:
        return
    table = Table("landed", "removed", "anonymised", "blanked")
    for dataset, counts in landed.items():
        table.add_row(dataset, *(str(counts.get(name, 0)) for name in ("removed", "anonymised", "blanked")))
    out().print(table)


def _show_certificate(settings: Settings, certificate: "Certificate") -> None:
    out().print(f"certificate {settings.paths.erasures / certificate.id}.json", markup=False)
    for task in certificate.to_do:
        out().print(f"to do: {task}", markup=False)


def export_person_data(settings: Settings, asked: str, to: Path | None, by: By | None, source: str | None) -> None:
    """Print or write all stored data about a person, as JSON.

    Raises:
        UnknownPersonError: No data are stored about that person.
    """
    from pipelines.privacy.export import export_person

    with exclusive(settings, "export", read_only=True):
        _pending(settings)
        if to is None:
            export_person(settings, asked, sys.stdout, by=by, source=source)
            return

        def write(staged: Path) -> None:
            with staged.open("w", encoding="utf-8") as file:
                rows.append(export_person(settings, asked, file, by=by, source=source))

        rows: list[int] = []
        write_durably(to, write, mode=0o600)
        out().print(f"{counted(sum(rows), 'row')} in {to}", markup=False)
