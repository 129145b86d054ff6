"""Groups the files of a source by kind, names their entries, and finds the built-in mapping that reads them."""

import codecs
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path

from pipelines.base.errors import InputError
from pipelines.drafting.archives import check_archives
from pipelines.drafting.drafted import DraftedEntry
from pipelines.drafting.fitting import Fit
from pipelines.drafting.layout import layout_of
from pipelines.drafting.recognised import fits, ignored, named_fit
from pipelines.drafting.writing import ASCII, Writing, writing_of

_DATES = (
    (r"(\d{4}-\d{2}-\d{2})", "%Y-%m-%d"),
    (r"(\d{4}_\d{2}_\d{2})", "%Y_%m_%d"),
    (r"(?<!\d)(\d{8})(?!\d)", "%Y%m%d"),
)
_HINT = (
    "Each system needs its own source. Put the files of each system into a separate folder, and give the folders:"
    " `loyalty init exports/shop exports/crm`; `loyalty map` takes one folder at a time."
)


@dataclass(frozen=True)
class Kind:
    """Files of one kind: names that differ only in digits, the same first line, encoding and number of header rows.

    Attributes:
        paths: The files. The largest one is examined.
        fits: The built-in entries that read them, the best one first.
        fit: The one of the mapping that was chosen for all files.
        ignored: Why that mapping ignores them.
        entry: The entry that was drafted for them.
        sampled: How its types were judged.
        globs: The globs that find them.
    """

    paths: tuple[Path, ...]
    fits: tuple[Fit, ...] = ()
    fit: Fit | None = None
    ignored: str = ""
    entry: DraftedEntry | None = None
    sampled: str = ""
    globs: tuple[str, ...] = ()

    @property
    def largest(self) -> Path:
        return max(self.paths, key=lambda path: (path.stat().st_size, path.name))

    def shown(self, root: Path) -> str:
        """The files in a message, by their path below the folder of the source."""
        name = self.largest.absolute().relative_to(root).as_posix()
        return name if len(self.paths) == 1 else f"{name} and {len(self.paths) - 1} more"


def kinds_of(paths: Iterable[Path]) -> list[list[Path]]:
    """The files, grouped by their names without digits, their first line, and how they are written.

    Raises:
        InputError: A file does not exist.
    """
    found: dict[tuple[str, bytes, Writing], list[Path]] = {}
    for path in sorted(paths):
        if not path.is_file():
            raise InputError(f"{path}: there is no such file or folder", hint="Check the path.")
        key = (re.sub(r"\d+", "*", path.name), _first_line(path), writing_of(path))
        found.setdefault(key, []).append(path)
    return _joined(found)


def _first_line(path: Path) -> bytes:
    """The first line of a text table; empty for other files."""
    line = b""
    with suppress(OSError), path.open("rb") as file:  # the draft reports a file that cannot be read
        line = file.readline(100_000) if path.suffix in (".csv", ".tsv", ".txt") else b""
    return line.strip().removeprefix(codecs.BOM_UTF8)


def _joined(found: dict[tuple[str, bytes, Writing], list[Path]]) -> list[list[Path]]:
    """The groups; files in ASCII only are with others that have the same names, first line and header."""
    for key in [key for key in found if key[2].encoding == ASCII]:
        others = [one for one in found if one != key and one[:2] == key[:2] and one[2].header == key[2].header]
        if others:  # those in UTF-8 first: ASCII is UTF-8
            found[min(others, key=lambda one: (one[2].encoding != "utf-8", one[2].encoding))] += found.pop(key)
    return [sorted(group) for group in found.values()]


def merged(kinds: Iterable[Kind]) -> list[Kind]:
    """The kinds, without those that differ from another one only in the header, if the same entries read both."""
    found: dict[tuple[object, ...], Kind] = {}
    for kind in kinds:
        path = kind.paths[0]
        reads = tuple((fit.mapping, fit.entry, fit.options) for fit in kind.fits)
        encodings = frozenset(writing_of(one).encoding for one in kind.paths) - {ASCII}
        key = (re.sub(r"\d+", "*", path.name), _first_line(path), encodings, reads)
        before = found.get(key)
        found[key] = replace(kind, paths=tuple(sorted((*before.paths, *kind.paths)))) if before else kind
    return list(found.values())


def recognised(kind: Kind, is_said: bool) -> Kind:
    """The kind with the built-in entries that read it; none if the user says what it is."""
    if is_said:
        return kind
    try:
        check_archives(kind.paths)
        return replace(kind, fits=tuple(fits(kind.largest, layout_of(kind.largest))))
    except InputError:
        return kind  # the draft reports it, unless a built-in mapping ignores the file


def with_built_in(kinds: list[Kind]) -> tuple[str | None, list[Kind]]:
    """The built-in mapping that reads the files best, and the kinds with its entries.

    Raises:
        InputError: The files come from several systems.
    """
    fitted = [kind for kind in kinds if kind.fits]
    if not fitted:
        return None, kinds
    weights = {
        name: sum(max((fit.read for fit in kind.fits if fit.mapping == name), default=0) for kind in fitted)
        for name in sorted({fit.mapping for kind in fitted for fit in kind.fits})
    }
    common = [name for name in weights if all(_takes(name, kind) for kind in fitted)]
    if not common:
        firsts = sorted({kind.fits[0].mapping for kind in fitted})
        shown = "; ".join(
            f"{name}: {', '.join(kind.largest.name for kind in fitted if kind.fits[0].mapping == name)}"
            for name in firsts
        )
        others = ", ".join(kind.largest.name for kind in kinds if not kind.fits)
        unknown = f"; not recognised: {others}" if others else ""
        raise InputError(f"the files come from {len(firsts)} systems: {shown}{unknown}", hint=_HINT)
    named = {
        name: sum(any(fit.mapping == name and fit.is_named for fit in kind.fits) for kind in fitted) for name in common
    }
    chosen = max(common, key=lambda name: (weights[name], named[name], -common.index(name)))
    return chosen, [_chosen(kind, chosen) for kind in kinds]


def _chosen(kind: Kind, mapping: str) -> Kind:
    """A kind with the entry of a mapping."""
    fit = next((fit for fit in kind.fits if fit.mapping == mapping), None) or _by_name(kind, mapping)
    return replace(kind, fit=fit, ignored=(fit and fit.why) or ignored(mapping, kind.largest) or "")


def _by_name(kind: Kind, mapping: str) -> Fit | None:
    """The entry of the chosen mapping to which the name of files leads, although they have few of its columns."""
    try:
        check_archives(kind.paths)
        return named_fit(kind.largest, layout_of(kind.largest), mapping)
    except InputError:
        return None  # the draft reports it


def _takes(mapping: str, kind: Kind) -> bool:
    """Whether a built-in mapping reads files, or ignores them with a reason."""
    return any(fit.mapping == mapping for fit in kind.fits) or ignored(mapping, kind.largest) is not None


def entry_name(text: str, used: set[str]) -> str:
    """A name for an entry or a source that is not used yet; it is added to the used ones."""
    base = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    base = base if base[:1].isalpha() else f"files_{base}".strip("_")
    name, count = base, 1
    while name in used:
        count += 1
        name = f"{base}_{count}"
    used.add(name)
    return name


def source_name(text: str) -> str:
    """A name for a source, from that of a folder or file."""
    return entry_name(text, set())


def distinct_names(sources: Sequence[tuple[str, Path]]) -> list[str]:
    """A name for each source: its own, or with the name of its folder if several have the same one.

    Args:
        sources: The name and the folder of each source.
    """
    names = [name for name, _ in sources]
    used = {name for name in names if names.count(name) == 1}
    found = []
    for name, folder in sources:
        if names.count(name) == 1:
            found.append(name)
            continue
        whole = folder.resolve()
        # the nearest folder whose name differs: `berlin/exports` and `paris/exports`
        rivals = [other.resolve() for own, other in sources if own == name and other != folder]
        parts = next(
            (
                whole.parts[-depth]
                for depth in range(1, len(whole.parts))
                if all(len(one.parts) < depth or one.parts[-depth] != whole.parts[-depth] for one in rivals)
            ),
            whole.name,
        )
        suffix = entry_name(parts, set()).removeprefix(f"{name}_")
        found.append(entry_name(name if suffix == name else f"{name}_{suffix}", used))
    return found


def globs(paths: Sequence[Path]) -> tuple[str, ...]:
    """One glob for names that differ in numbers. A number of four digits or more is a date or a count of the export."""
    names = sorted({path.name.removesuffix(".gz").replace("[", "?") for path in paths})  # `[…]` is a set of letters
    if len(names) == 1 and not re.search(r"\d{4}", names[0]):
        return (names[0],)
    return tuple(sorted({re.sub(r"\d+(?:[-_.]?\d+)*", "*", name) for name in names}))


def own_globs(kind: Kind, kinds: Sequence[Kind]) -> tuple[str, ...]:
    """The globs of a kind; its names themselves if a glob finds files of a kind with more files."""
    found = globs(kind.paths)
    stronger = (one for one in kinds if one is not kind and (len(one.paths), one.paths) > (len(kind.paths), kind.paths))
    names = [path.name.removesuffix(".gz") for one in stronger for path in one.paths]
    if any(fnmatchcase(name, glob) for name in names for glob in found):
        return tuple(sorted({path.name.removesuffix(".gz").replace("[", "?") for path in kind.paths}))
    return found


def file_on(paths: Sequence[Path]) -> dict[str, str]:
    """The keys that find the date in the names of the files, if each has one."""
    for pattern, form in _DATES:
        found = [re.search(pattern, path.name) for path in paths]
        if all(one is not None and _is_date(one[1], form) for one in found):
            return {"file_on": pattern, **({} if form == "%Y-%m-%d" else {"file_on_format": form})}
    return {}


def _is_date(text: str, form: str) -> bool:
    try:
        return 1990 <= datetime.strptime(text, form).year <= 2199
    except ValueError:
        return False
