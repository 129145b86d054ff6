"""Merges a mapping with the built-in mapping that it extends (`extends: NAME`).

Only plain YAML data is merged; the result is validated like any other mapping. Dicts are merged by key, everything else
is replaced, and `null` removes. `files` of the extending mapping is a dict: it names entries of the built-in mapping by
their `name`, and may add entries of its own, which come first: whole ones, or with `like`, the name of an entry of
the built-in mapping from which they differ.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.base.errors import ConfigError
from pipelines.base.spelling import did_you_mean
from pipelines.config.positions import Document, Plain
from pipelines.config.positions import Path as At

EXTENDS = "extends"
FILES = "files"
LIKE = "like"
_HINT = "docs/mapping.md explains `extends`."


@dataclass(frozen=True)
class Source:
    """A mapping file as it was read, with the built-in parts that it inherits.

    Attributes:
        path: The file.
        document: Its data, and the line of each place. A place that the file inherits has the line of its nearest
            ancestor in the file, because that is where the user can change it.
        inherited: `file:line` of the built-in mapping for each inherited place.
    """

    path: Path
    document: Document
    inherited: dict[At, str] = field(default_factory=dict)


def extended(path: Path, document: Document, find: Callable[[str], Path], read: Callable[[Path], Document]) -> Source:
    """A mapping with everything that it inherits.

    Args:
        path: The file.
        document: Its content.
        find: Gives the file of a built-in mapping by its name, or raises a ConfigError.
        read: Reads a file.

    Raises:
        ConfigError: The built-in mapping does not exist, mappings extend each other in a circle, or an override changes
            nothing. The message names the file and the line.
    """
    return _extended(path, document, find, read, ())


def _extended(
    path: Path,
    document: Document,
    find: Callable[[str], Path],
    read: Callable[[Path], Document],
    chain: tuple[str, ...],
) -> Source:
    data = document.data
    if not isinstance(data, dict) or EXTENDS not in data:
        return Source(path, document)
    name, where = data[EXTENDS], f"{path}:{document.line((EXTENDS,))}"
    if not isinstance(name, str) or not name or "/" in name or name.endswith((".yml", ".yaml")):
        raise ConfigError(
            f"{where}: extends: must be the name of a built-in mapping, such as `shopify`",
            hint="A mapping file of your own cannot be extended: copy it.",
        )
    if name in chain:
        circle = " -> ".join([*chain[chain.index(name) :], name])
        raise ConfigError(f"{where}: extends: mappings extend each other in a circle: {circle}", hint=_HINT)
    try:
        base_path = find(name)
    except ConfigError as error:
        raise ConfigError(f"{where}: extends: {error.message}", hint=error.hint) from None
    base = _extended(base_path, read(base_path), find, read, (*chain, name))
    return _Merge(base, path, document).result()


class _Merge:
    """Merges one document into the one that it extends."""

    def __init__(self, base: Source, path: Path, own: Document) -> None:
        self._base = base
        self._path = path
        self._own = own
        self._lines: dict[At, int] = {(): own.line(())}
        self._inherited: dict[At, str] = {}

    def result(self) -> Source:
        own, base = self._own.data, self._base.document.data
        assert isinstance(own, dict) and isinstance(base, dict)  # `extends` is a key of both, or was checked
        rest: dict[str, Plain] = {key: value for key, value in own.items() if key not in (EXTENDS, FILES)}
        inherited = {key: value for key, value in base.items() if key not in (EXTENDS, FILES)}
        data: dict[str, Plain] = {}
        self._lines[(EXTENDS,)] = self._own.line((EXTENDS,))
        for key, value in self._merged(inherited, rest, (), (), ()).items():
            data[key] = value
        files = (
            self._files(base.get(FILES), own[FILES]) if FILES in own else self._inherit(base[FILES], (FILES,), (FILES,))
        )
        data[FILES] = files
        self._lines.setdefault((FILES,), self._own.line((FILES,)) if FILES in own else self._own.line((EXTENDS,)))
        data[EXTENDS] = own[EXTENDS]
        return Source(self._path, Document(data, self._lines), self._inherited)

    def _files(self, base: Plain, own: Plain) -> Plain:
        self._lines[(FILES,)] = self._own.line((FILES,))
        if not isinstance(own, dict):
            return self._keep(own, (FILES,), (FILES,))  # a list replaces all entries
        assert isinstance(base, list)
        named = {
            str(entry["name"]): number
            for number, entry in enumerate(base)
            if isinstance(entry, dict) and "name" in entry
        }
        added = [name for name in own if name not in named]
        for name in added:
            entry = own[name]
            if not isinstance(entry, dict) or "match" not in entry:
                known = did_you_mean(name, named, f"its entries are {', '.join(sorted(named))}")
                raise self._nothing(
                    (FILES, name), f"the mapping `{self._extends}` has no entry `{name}` under `files`{known}"
                )
        entries: list[Plain] = []
        for name in added:
            entry = own[name]
            assert isinstance(entry, dict)
            place: At = (FILES, len(entries))
            if LIKE not in entry:
                entries.append({"name": name, **self._kept(entry, place, (FILES, name))})
                continue
            entries.append({**self._like(base, named, name, entry, place), "name": name})
        names = {number: name for name, number in named.items()}
        for number, given in enumerate(base):
            place = (FILES, len(entries))
            name = names.get(number, "")
            if name not in own:
                entries.append(self._inherit(given, place, (FILES, number)))
            elif (change := own[name]) is None:
                continue
            elif isinstance(change, dict) and isinstance(given, dict):
                self._lines[place] = self._own.line((FILES, name))
                entries.append(dict(self._merged(given, change, place, (FILES, number), (FILES, name))))
            else:
                entries.append(self._keep(change, place, (FILES, name)))
        return entries

    def _like(
        self, base: list[Plain], named: dict[str, int], name: str, entry: dict[str, Plain], place: At
    ) -> dict[str, Plain]:
        """A new entry that differs from one of the base."""
        other = str(entry[LIKE])
        given = base[named[other]] if other in named else None
        if not isinstance(given, dict):
            known = did_you_mean(other, named, f"its entries are {', '.join(sorted(named))}")
            raise self._nothing(
                (FILES, name, LIKE), f"the mapping `{self._extends}` has no entry `{other}` under `files`{known}"
            )
        change = {key: value for key, value in entry.items() if key != LIKE}
        self._lines[place] = self._own.line((FILES, name))
        return self._merged(given, change, place, (FILES, named[other]), (FILES, name))

    def _merged(
        self, base: dict[str, Plain], own: dict[str, Plain], place: At, base_at: At, own_at: At
    ) -> dict[str, Plain]:
        """Two dicts merged by key. The three locations are in the result, in the base and in the own document."""
        merged: dict[str, Plain] = {}
        for key, value in base.items():
            at: At = (*place, key)
            if key not in own:
                merged[key] = self._inherit(value, at, (*base_at, key))
            elif own[key] is not None:
                change = own[key]
                self._lines[at] = self._own.line((*own_at, key))
                if isinstance(value, dict) and isinstance(change, dict):
                    merged[key] = dict(self._merged(value, change, at, (*base_at, key), (*own_at, key)))
                else:
                    merged[key] = self._keep(change, at, (*own_at, key))
        for key, value in own.items():
            if key in base:
                continue
            if value is None:
                known = did_you_mean(key, base, f"it has {', '.join(base)}" if base else "it is empty")
                raise self._nothing(
                    (*own_at, key),
                    f"`{key}: null` removes nothing, because the mapping `{self._extends}` has no such key here{known}",
                )
            merged[key] = self._keep(value, (*place, key), (*own_at, key))
        return merged

    def _inherit(self, value: Plain, place: At, base_at: At) -> Plain:
        """A value of the base with its locations."""
        own_line = self._line_of_parent(place)
        for at in self._base.document.lines:
            if at[: len(base_at)] == base_at:
                there = (*place, *at[len(base_at) :])
                self._lines.setdefault(there, own_line)
                line = self._base.document.line(at)
                self._inherited[there] = self._base.inherited.get(at, f"{self._base.path.name}:{line}")
        return value

    def _line_of_parent(self, place: At) -> int:
        parent = place[:-1]
        while parent and parent not in self._lines:
            parent = parent[:-1]
        return self._lines[parent] if parent else self._own.line((EXTENDS,))

    def _kept(self, value: dict[str, Plain], place: At, own_at: At) -> dict[str, Plain]:
        self._keep(value, place, own_at)
        return value

    def _keep(self, value: Plain, place: At, own_at: At) -> Plain:
        """A value of the extending document with its locations."""
        for at, line in self._own.lines.items():
            if at[: len(own_at)] == own_at:
                self._lines[(*place, *at[len(own_at) :])] = line
        return value

    @property
    def _extends(self) -> str:
        return self._base.path.stem

    def _nothing(self, at: At, why: str) -> ConfigError:
        return ConfigError(f"{self._path}:{self._own.line(at)}: {'.'.join(map(str, at))}: {why}", hint=_HINT)
