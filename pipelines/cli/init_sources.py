"""Plans the sources of `loyalty init`: drafts the mapping of each one, and lists those for which there is none."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from pipelines.base.errors import ConfigError, InputError, LoyaltyError
from pipelines.cli.draft import files_of
from pipelines.cli.init_ask import answered
from pipelines.cli.init_files import PlannedSource
from pipelines.config.faults import value_words
from pipelines.config.values import MappingName

if TYPE_CHECKING:  # imported late elsewhere, so that `--help` is quick
    from pipelines.drafting import Draft, Wishes

SOURCES = "a folder of files, a file, or MAPPING=FOLDER with a built-in mapping or your own one"


@dataclass(frozen=True)
class FailedSource:
    """Files for which no mapping could be drafted.

    Attributes:
        paths: A folder, or files.
        error: Why, and what to do.
    """

    paths: tuple[Path, ...]
    error: LoyaltyError

    @property
    def shown(self) -> str:
        """The paths, for a message."""
        return ", ".join(map(str, self.paths))

    def command(self, wishes: "Wishes", to: Path) -> str:
        """The command that drafts the mapping when the files are in order."""
        from pipelines.drafting import source_name

        folder = self.paths[0]
        target = to / "mappings" / f"{source_name(folder.resolve().name if folder.is_dir() else folder.stem)}.yml"
        options = ["--timezone", str(wishes.timezone), "--currency", str(wishes.currency), "--out", str(target)]
        return shlex.join(["loyalty", "map", *map(str, self.paths), *options])


@dataclass(frozen=True)
class Plan:
    """The sources that go into the config, and those that do not."""

    sources: list[PlannedSource]
    failed: list[FailedSource]


def planned(given: Sequence[str], to: Path, wishes: "Wishes") -> Plan:
    """Draft every source. One that cannot be drafted does not stop the others.

    Args:
        given: The sources as the user names them.
        to: The folder of the config.
        wishes: What the user says about all sources.

    Raises:
        ConfigError: There is no such folder or mapping.
        InputError: Nothing could be drafted.
    """
    plan = Plan([], [])
    for texts in _grouped(given):
        _plan(texts, to, wishes, plan)
    if plan.failed and not plan.sources:
        raise _combined(plan.failed)
    return Plan(_named_apart(plan.sources), plan.failed)


def _combined(failed: Sequence[FailedSource]) -> LoyaltyError:
    """One error for several sources; the first one has the exit code."""
    if len(failed) == 1:
        return failed[0].error
    first = failed[0].error
    message = "\n".join(f"{one.shown}: {one.error.message}. {one.error.hint}" for one in failed)
    return type(first)(f"no source could be drafted, and nothing was written:\n{message}")


def _grouped(given: Sequence[str]) -> list[list[str]]:
    """Each folder or MAPPING=FOLDER by itself, and all single files together."""
    files = [text for text in given if Path(text).expanduser().is_file()]
    return [*([text] for text in given if text not in files), *([files] if files else [])]


def _plan(texts: list[str], to: Path, wishes: "Wishes", plan: Plan) -> None:
    """Add the sources that the user means to a plan.

    Raises:
        ConfigError: There is no such folder or mapping.
    """
    from pipelines.drafting import systems_of

    text = texts[0]
    path = Path(text).expanduser()
    if path.is_file():
        for name, files in systems_of([Path(one).expanduser() for one in texts]).items():
            # the name of a built-in mapping is that of its source
            _add(files, files, replace(wishes, source=None if name else "files"), plan, to / "inbox")
    elif path.is_dir():
        _add([path], [], wishes, plan)
    else:
        mapping, equals, folder = text.partition("=")
        known = _known(text, mapping)
        plan.sources.append(PlannedSource(known, Path(folder).expanduser() if equals else to / "inbox" / mapping))


def _known(text: str, mapping: str) -> str:
    try:
        adapter: TypeAdapter[str] = TypeAdapter(MappingName)
        return adapter.validate_python(mapping, context={"base": Path.cwd()})
    except ValidationError as problem:
        raise ConfigError(
            f"`{text}`: there is no such file or folder; {value_words(problem)}", hint=f"a source is {SOURCES}"
        ) from problem


def _add(paths: list[Path], copied: list[Path], wishes: "Wishes", plan: Plan, inbox: Path | None = None) -> None:
    """Draft a source, with answers of the user, and add it to a plan."""
    try:
        files = files_of(paths)
        draft = _draft(files, wishes)
        if (said := answered(draft, wishes)) != wishes:
            wishes, draft = said, _draft(files, said)
    except (ConfigError, InputError) as error:
        plan.failed.append(FailedSource(tuple(paths), error))
        return
    folder = inbox / draft.source if inbox else paths[0]
    plan.sources.append(PlannedSource(draft.built_in or "", folder, draft, tuple(copied), wishes))


def _draft(files: list[Path], wishes: "Wishes") -> "Draft":
    from pipelines.drafting import draft_mapping

    return draft_mapping(files, wishes, datetime.now(UTC).date())


def _named_apart(found: list[PlannedSource]) -> list[PlannedSource]:
    """The sources, of which those of one name have the names of their folders too: two shops of one system.

    Keys are those of a source, so that equal numbers of two shops are two orders.
    """
    from pipelines.drafting import Draft, distinct_names

    names = distinct_names([(one.name, one.folder) for one in found])

    def renamed(one: PlannedSource, name: str) -> PlannedSource:
        if name == one.name or one.copied or one.mapping.endswith((".yml", ".yaml")):
            return one
        if one.draft is None or one.wishes is None:
            return replace(one, draft=Draft(f"extends: {one.mapping}\nsource: {name}\n", name))
        return replace(one, draft=_draft(files_of([one.folder]), replace(one.wishes, source=name)))

    return [renamed(one, name) for one, name in zip(found, names, strict=True)]


def mapping_paths(found: list[PlannedSource], to: Path) -> list[Path | None]:
    """Where each drafted mapping is written; None for a source that needs no file.

    Raises:
        ConfigError: Two sources have one name.
    """
    names = [one.name for one in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(
            f"two sources would be called {twice}",
            hint="give the folder of each system, not single files; or write a mapping with `extends` and its own"
            " `source` for one of them",
        )
    return [to / "mappings" / f"{one.written.source}.yml" if one.written else None for one in found]
