"""Drafts what a mapping says differently about the entries of the built-in one that it extends."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from pipelines.base.errors import InputError
from pipelines.drafting.drafted import Remark
from pipelines.drafting.fitting import Fit
from pipelines.drafting.kinds import Kind, entry_name, globs
from pipelines.drafting.recognised import globs_of
from pipelines.drafting.text import scalar, scalars
from pipelines.landing.extending import LIKE

Options = tuple[tuple[str, str | int | None], ...]
Read = tuple[Kind, Fit]


def changed_entries(kinds: Sequence[Kind], used: set[str]) -> tuple[list[str], list[tuple[str, Remark]]]:
    """The lines under `files` for the files that a built-in mapping reads, and remarks on them.

    Files of one entry that are written in different ways become several entries, if their names can tell them apart.

    Args:
        kinds: All files of the source.
        used: The names of entries; the new ones are added.

    Raises:
        InputError: Files of one entry need different ways of reading, and their names do not tell them apart.
    """
    entries: dict[str, list[Read]] = {}
    for kind in kinds:
        if kind.fit and kind.fit.entry is not None:
            entries.setdefault(kind.fit.entry, []).append((kind, kind.fit))
    lines: list[str] = []
    remarks: list[tuple[str, Remark]] = []
    for entry, reads in entries.items():
        ways: dict[Options, list[Read]] = {}
        for kind, fit in sorted(reads, key=lambda read: (len(read[0].paths), read[0].paths), reverse=True):
            ways.setdefault(fit.options, []).append((kind, fit))
        (_, main), *others = ways.items()
        for options, own in others:
            match = _own_names([kind for kind, _ in own], kinds)
            if match is None:
                raise _not_distinct(main, own)
            name = entry_name(entry, used)
            lines += [f"  {name}:", f"    {LIKE}: {scalar(entry)}", f"    match: {scalars(match)}"]
            lines += [f"    {key}: {scalar(value)}" for key, value in options]
            text = f"it is written in another way than {main[0][0].largest.name}: the draft has an entry `{name}` for"
            remarks.append((own[0][0].largest.name, Remark(f"{text} {', '.join(match)}")))
        lines += _changed(entry, main)
    return lines, remarks


def _own_names(own: Sequence[Kind], kinds: Sequence[Kind]) -> tuple[str, ...] | None:
    """Globs, or names, that find files of some kinds and of no other one; None if there are none."""
    paths = [path for kind in own for path in kind.paths]
    others = [path.name.removesuffix(".gz") for kind in kinds if kind not in own for path in kind.paths]
    names = tuple(sorted({path.name.removesuffix(".gz").replace("[", "?") for path in paths}))
    for found in (globs(paths), names):
        if not any(fnmatchcase(name, glob) for name in others for glob in found):
            return found
    return None


def _not_distinct(main: Sequence[Read], own: Sequence[Read]) -> InputError:
    (first, fit), (other, other_fit) = main[0], own[0]
    ways = sorted({key for one in (fit, other_fit) for key, _ in one.options})
    return InputError(
        f"{first.largest.name} and {other.largest.name} are of one kind, but are written in different ways"
        f" ({', '.join(ways)}), and their names are equal",
        hint="Rename one of them, or export or save both in the same format, and call the command again.",
    )


def _changed(entry: str, reads: Sequence[Read]) -> Iterator[str]:
    """What a mapping says differently about an entry of a built-in one, for all files that it reads."""
    fit = reads[0][1]
    is_named = all(one.is_named for _, one in reads)
    found = globs([path for kind, _ in reads for path in kind.paths])
    if fit.why:  # the globs of the entry stay: a broader one must not take later files with such a name
        renamed = [path for kind, one in reads if not one.is_named for path in kind.paths]
        found = (*globs_of(fit.mapping, entry), *globs(renamed))
    lines = [] if is_named else [f"match: {scalars(found)}"]
    lines += [f"{key}: {scalar(value)}" for key, value in fit.options]
    if lines:
        yield f"  {entry}:"
        yield from (f"    {line}" for line in lines)
