"""Which keys of a mapping's file group apply to which format. model.py refuses the others; readers/ uses them."""

from collections.abc import Collection

_ENCODED = frozenset({"encoding"})
_NAMED = frozenset({"optional"})
_HEADER = _NAMED | {"skip_rows", "header_rows", "last_header", "names"}
_TEXT_TABLE = _ENCODED | _HEADER | {"delimiter", "quoting"}
_WORKBOOK = _HEADER | {"sheet"}

OPTIONS: dict[str, frozenset[str]] = {
    "csv": _TEXT_TABLE,
    "tsv": _TEXT_TABLE,
    "json": _ENCODED | {"records", "unwrap"},
    "jsonl": _ENCODED | {"unwrap"},
    "parquet": _NAMED,
    "xlsx": _WORKBOOK,
    "xls": _WORKBOOK,
    "fixed": _ENCODED | {"skip_rows", "fields", "positions_in", "short_lines"},
}

ZIPPED = frozenset({"csv", "tsv", "json", "jsonl", "fixed"})
"""The formats whose files can be delivered as members of a ZIP archive (`.zip`)."""


def misplaced_options(file_format: str, keys: Collection[str]) -> str:
    """What is wrong with the keys of a group of a format: keys of other formats; empty if there are none."""
    of_any = frozenset().union(*OPTIONS.values()) - _ENCODED  # an encoding has always been allowed, also for Parquet
    return "; ".join(
        f"`{key}` is only for {_listed([name for name, options in OPTIONS.items() if key in options])}"
        for key in sorted(of_any & set(keys) - OPTIONS[file_format])
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
