"""`loyalty identity`: which references are the same customer. Shows why, and records the user's decisions.

A decision changes one file of the home; the next run applies it. Personal values are shown with --reveal only.
"""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.base.database import open_to_read
from pipelines.base.errors import BuildError, ConfigError
from pipelines.base.spreadsheet import write_csv
from pipelines.base.text import counted
from pipelines.cli.console import JsonOption, out, print_json, print_rows, reports_errors
from pipelines.cli.exclusive import exclusive
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.cli.out_file import require_writable
from pipelines.config.secret_key import existing_keys
from pipelines.config.settings import Settings, load_settings
from pipelines.identity.masked import masked_ref

if TYPE_CHECKING:
    from pipelines.identity.decisions import Action, Decision, Reference

app = typer.Typer(help="Show and decide which references are the same customer.", no_args_is_help=True)

OneArgument = Annotated[
    str, typer.Argument(metavar="A", help="A reference: SOURCE:REF, or REF if only one source has it.")
]
OtherArgument = Annotated[str, typer.Argument(metavar="B", help="The other reference.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for whoever reads the decision later.")]
RevealOption = Annotated[
    bool, typer.Option("--reveal", help="Show personal values too, such as e-mails, phones and reasons.")
]
_NEXT = "the next `loyalty run` applies it"


def _add_decision_command(name: str, words: str) -> None:
    """Add a command that records a decision about two references."""

    @app.command(name, help=words)
    @reports_errors
    def decide(
        one: OneArgument,
        other: OtherArgument,
        reason: ReasonOption,
        config: ConfigOption = None,
        home: HomeOption = None,
        as_json: JsonOption = False,
    ) -> None:
        from pipelines.identity.decisions import Action

        _decide(load_settings(config, home), Action(name), one, other, reason, as_json=as_json)


_add_decision_command("link", "Decide that two references are the same customer, on every as-of day.")
_add_decision_command(
    "unlink", "Decide that two references are not the same customer, on every as-of day, whatever they share."
)


@app.command("undo")
@reports_errors
def undo(
    decision_id: Annotated[
        str, typer.Argument(metavar="ID", help="The id of a link or an unlink; `loyalty identity list` lists them.")
    ],
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Undo a link or an unlink. Both entries stay in the list."""
    from pipelines.identity.decisions import undo_decision

    settings = load_settings(config, home)
    with exclusive(settings, "identity undo", read_only=True):
        decision = undo_decision(settings.paths.decisions, decision_id, by=_user())
    if as_json:
        print_json(_as_json(decision, is_in_force=False, reveal=True))
    else:
        out().print(f"{decision.id}: the decision {decision_id} no longer counts; {_NEXT}")


@app.command("list")
@reports_errors
def list_decisions(
    all_too: Annotated[
        bool, typer.Option("--all", help="List undone and erased decisions too. Default: those in force.")
    ] = False,
    reveal: RevealOption = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the decisions, oldest first."""
    from pipelines.identity.decisions import in_force, read_decisions

    entries = read_decisions(load_settings(config, home).paths.decisions)
    counting = in_force(entries)
    shown = [
        _as_json(entry, is_in_force=entry in counting, reveal=reveal) for entry in (entries if all_too else counting)
    ]
    if as_json:
        print_json(shown)
    elif not shown:
        out().print(
            "no decision was recorded"
            if all_too
            else "no decision is in force; --all also lists those that were undone"
        )
    else:
        names = ["id", "at", "by", "action", "one", "other", "undoes", "is_in_force", *(["reason"] if reveal else [])]
        print_rows(names, [[_cell(entry[name]) for name in names] for entry in shown])


@app.command("why")
@reports_errors
def why(
    one: OneArgument,
    other: OtherArgument,
    reveal: RevealOption = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain why two references are the same customer in the last build, or why they are not."""
    from pipelines.cli.identity_why import WhyText
    from pipelines.identity.decisions import read_decisions
    from pipelines.identity.why import explain

    settings = load_settings(config, home)
    paths = settings.paths
    with exclusive(settings, "identity why", read_only=True):
        pair = _references(settings, one, other)
        if pair[0] == pair[1]:
            raise ConfigError("both references are the same", hint="write two different references")
        if not paths.warehouse.is_file():
            raise BuildError("nothing is built yet, so there is nothing to explain", hint="call `loyalty run` first")
        decisions = read_decisions(paths.decisions)
        with open_to_read(paths.warehouse) as connection:
            found = explain(connection, paths.exchange, decisions, *pair)
    text = WhyText(settings.model.identity, {entry.id: entry for entry in decisions}, reveal=reveal)
    if as_json:
        print_json(text.values(found))
    else:
        for line in text.lines(found):
            out().print(line)


@app.command("propose")
@reports_errors
def propose_links(
    to: Annotated[Path, typer.Option("--out", help="The CSV file to write (readable by you only).")],
    min_probability: Annotated[
        float, typer.Option(min=0, max=1, help="Only pairs that are the same customer with at least this probability.")
    ] = 0.9,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write pairs of references that may be the same customer, for you to check. Needs the extra `identity`."""
    from pipelines.identity.decisions import read_decisions
    from pipelines.identity.match_model import require_splink
    from pipelines.identity.propose import NAMES, propose

    settings = load_settings(config, home)
    require_writable(to, settings)
    paths = settings.paths
    require_splink()
    with exclusive(settings, "identity propose", read_only=True):
        if not paths.warehouse.is_file():
            raise BuildError("nothing is built yet, so there is nothing to compare", hint="call `loyalty run` first")
        with open_to_read(paths.warehouse) as connection:
            spill = paths.warehouse.parent / ".propose"
            found = propose(connection, read_decisions(paths.decisions), min_probability, spill)
        rows = write_csv(to, NAMES, [[proposal.row for proposal in found]])
    if as_json:
        print_json({"file": to, "rows": rows})
    else:
        out().print(
            f"{counted(rows, 'pair')} in {to}; nothing is linked until you call `loyalty identity link`", markup=False
        )


def _decide(settings: Settings, action: "Action", one: str, other: str, reason: str, *, as_json: bool) -> None:
    from pipelines.identity.decisions import add_decision

    # read_only: the warehouse and the landed files stay as they are, and a missing home is not created
    with exclusive(settings, f"identity {action}", read_only=True):
        pair = _references(settings, one, other)
        decision = add_decision(settings.paths.decisions, action, *pair, reason, by=_user())
    if as_json:
        print_json(_as_json(decision, is_in_force=True, reveal=True))
    else:
        out().print(f"{decision.id}: {action} {_shown(decision.one)} {_shown(decision.other)}; {_NEXT}")


def _references(settings: Settings, one: str, other: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """The landed references that two texts name."""
    import duckdb

    from pipelines.identity.contacts import ContactRules
    from pipelines.identity.identifiers import guest_ref
    from pipelines.privacy.find import open_landed
    from pipelines.privacy.references import find_reference

    def of_guest(email: str) -> str | None:
        keys = existing_keys(settings.paths.key, settings.key_text)
        return guest_ref(keys[0], ContactRules.of(settings.model.identity), email) if keys else None

    try:
        with open_landed(settings.paths.landing) as landed:
            return find_reference(landed, one, of_guest), find_reference(landed, other, of_guest)
    except duckdb.Error as problem:
        # the engine's message could quote the reference
        raise BuildError(
            f"landed files cannot be searched: {type(problem).__name__}",
            hint="raise `engine.memory_limit` in loyalty.yml, and try again",
        ) from None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user without a name
        return "unknown"


def _shown(reference: "Reference | None", *, reveal: bool = False) -> str | None:
    if reference is None:
        return None
    return f"{reference.source}:{reference.ref if reveal else masked_ref(reference.ref)}"


def _as_json(decision: "Decision", *, is_in_force: bool, reveal: bool) -> dict[str, object]:
    return {
        "id": decision.id,
        "at": decision.at.isoformat(),
        "by": decision.by,
        "action": decision.action,
        "one": _shown(decision.one, reveal=reveal),
        "other": _shown(decision.other, reveal=reveal),
        "undoes": decision.undoes,
        "is_in_force": is_in_force,
        **({"reason": decision.reason} if reveal else {}),
    }


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
