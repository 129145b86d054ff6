"""`loyalty map`: drafts the mapping of a source from its files, and says what the data leave open."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from pipelines.base.durable import write_text_durably
from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError
from pipelines.base.spelling import did_you_mean
from pipelines.cli.console import err, out, print_labelled, reports_errors
from pipelines.config.faults import value_words
from pipelines.config.values import CurrencyCode, DateOrder, DecimalMark, Zone

if TYPE_CHECKING:  # imported late elsewhere, so that `--help` is quick
    from pipelines.drafting import Draft

DatesOption = Annotated[
    DateOrder | None,
    typer.Option("--dates", help="The order of day and month in dates that can be read both ways."),
]
DecimalsOption = Annotated[
    DecimalMark | None,
    typer.Option("--decimals", help="The decimal mark of numbers that can be read both ways, such as 1,234 or 1.234."),
]
_SHOWN = 40


@reports_errors
def draft_map(
    files: Annotated[list[Path], typer.Argument(help="Files of one source, or its folder.", show_default=False)],
    to: Annotated[
        Path | None,
        typer.Option("--out", help="The mapping file to write. Default: standard output.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file of --out if it exists.")] = False,
    source: Annotated[
        str | None,
        typer.Option("--source", help="The name of the source. Default: the name of the folder.", show_default=False),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", help="The time zone of times without an offset, such as Europe/Paris."),
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option("--currency", help="The currency of amounts that have no currency in the files, such as EUR."),
    ] = None,
    entity: Annotated[
        str | None,
        typer.Option("--entity", help="What a record is, such as orders. Default: recognised by the columns."),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column", help="For a column that the draft misses or gets wrong: order_id=Belegnr.", show_default=False
        ),
    ] = None,
    dates: DatesOption = None,
    decimals: DecimalsOption = None,
) -> None:
    """Draft a mapping from files: format, columns, time formats and open questions. It lands no data."""
    from pipelines.drafting import Wishes, draft_mapping

    if to is not None and to.exists() and not force:
        raise ConfigError(f"{to} exists already", hint="choose another file with --out, or replace it with --force")
    wishes = Wishes(
        source,
        checked("--timezone", timezone, TypeAdapter(Zone)),
        checked("--currency", currency, TypeAdapter(CurrencyCode)),
        _entity(entity),
        dict(_column(column) for column in columns or ()),
        dates=dates,
        decimals=decimals,
    )
    draft = draft_mapping(files_of(files), wishes, datetime.now(UTC).date())
    if to is None:
        typer.echo(draft.text, nl=False)
    else:
        write_text_durably(to, draft.text)
    print_draft(draft)
    print_assumed(err(), draft)
    if draft.built_in:
        err().print(
            "no mapping file is needed: under `sources` of the config, write"
            f" `- {{mapping: {draft.built_in}, files: FOLDER}}`"
        )
    elif to is not None:
        out().print(
            f"{to} is written. Decide what is marked `to decide` in it, then name it under `sources` of the config"
        )


def checked(option: str, value: str | None, kind: TypeAdapter[str] | TypeAdapter[str | None]) -> str | None:
    """The value of an option.

    Raises:
        ConfigError: It is not valid.
    """
    try:
        return None if value is None else kind.validate_python(value)
    except ValidationError as problem:
        raise ConfigError(f"{option}: {value_words(problem)}", hint="correct the option") from problem


def files_of(paths: list[Path]) -> list[Path]:
    """The files, with those below folders that a run would see: hidden and incomplete ones are left out.

    Raises:
        ConfigError: There is none.
    """
    from pipelines.drafting import files_below, is_left_out

    def seen_below(folder: Path) -> list[Path]:
        return [file for file in files_below(folder) if not any(map(is_left_out, file.relative_to(folder).parts))]

    found = [file for path in paths for file in (seen_below(path) if path.is_dir() else [path])]
    if not found:
        raise ConfigError(
            f"there is no file in {', '.join(map(str, paths))}", hint="name files, or a folder with files"
        )
    return found


def print_draft(draft: "Draft") -> None:
    """Print what a draft leaves open, to standard error. `print_assumed` prints what it assumes."""
    for sampled in draft.sampled.values():
        err().print(sampled)
    for name, remark in draft.remarks:
        if remark.is_assumed:
            continue
        if remark.label:
            print_labelled(err(), remark.label, "yellow", f"{name}: {remark.text}")
        else:
            err().print(f"{name}: {remark.text}")
    left_out = (("left out, because they are no questions", draft.no_questions), ("not mapped", draft.unmapped))
    for why, columns in left_out:
        for name, listed in columns.items():
            if listed:
                more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
                err().print(f"{name}: {why}: {', '.join(listed[:_SHOWN])}{more}")


def print_assumed(console: Console, draft: "Draft", place: str = "the source") -> None:
    """Print what a draft assumes, because neither the files nor the user say it."""
    for _, remark in draft.remarks:
        if remark.is_assumed:
            print_labelled(console, "assumed", "yellow", f"{place}: {remark.text}")


def _entity(name: str | None) -> str | None:
    from pipelines.drafting import drafted_entities

    known = drafted_entities()
    if name is not None and name not in known:
        words = did_you_mean(name, known, f"they are: {', '.join(known)}")
        raise ConfigError(f"--entity: `{name}` is not an entity that can be drafted{words}", hint="correct the option")
    return name


def _column(text: str) -> tuple[str, str]:
    name, equals, source = text.partition("=")
    if not (name and equals and source):
        raise ConfigError(f"--column: `{text}` is not NAME=COLUMN", hint="write it as order_id=Belegnr")
    known = {column for one in ENTITIES.values() for column in one.columns}
    if name not in known:
        words = did_you_mean(name, known, "the list is in docs/columns.md")
        raise ConfigError(f"--column: `{name}` is not a canonical column{words}", hint="correct the option")
    return name, source
