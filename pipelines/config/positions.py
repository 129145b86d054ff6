"""Reads YAML safely and keeps the line of every key and value, so that an error can name it.

The meaning of the document is not known here.
"""

import re
from dataclasses import dataclass
from typing import cast

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
Path = tuple[str | int, ...]
MOST_NODES = 100_000  # with aliases expanded; the longest real mapping has two thousand


class YamlProblem(ValueError):
    """The text is not YAML that we accept.

    Args:
        message: The fault.
        line: 1-based line; 0 if unknown.
    """

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml parses ten times as fast as PyYAML


class _Loader(Composer, SafeConstructor, Resolver):
    """SafeLoader that keeps dates and words as text: we validate dates ourselves, and `no` can be a column's name.

    The parser gives only events. PyYAML composes them, because libyaml's composer crashes on deeply nested text.
    """

    def __init__(self, text: str) -> None:
        parser = _PARSER(text)
        self.check_event, self.peek_event, self.get_event = parser.check_event, parser.peek_event, parser.get_event
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)


_BOOLEAN, _TIMESTAMP = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in {_BOOLEAN, _TIMESTAMP}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
# as in YAML 1.2: `true` and `false`, and not yes, no, on and off
_Loader.add_implicit_resolver(_BOOLEAN, re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


@dataclass(frozen=True)
class Document:
    """A document and the lines of its parts.

    Attributes:
        data: Plain Python values.
        lines: 1-based line of each path into `data` (for an entry of a mapping, the line of its key).
    """

    data: Plain
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """The line of `path`, or of its nearest parent that the document has; 1 for the document itself."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str) -> Document:
    """Parse one YAML document.

    Raises:
        YamlProblem: The text is not valid YAML, repeats a key, has a key that is not text, or refers to itself.
    """
    try:
        loader = _Loader(text)  # raises an error if the text has characters that YAML does not allow
        node = loader.get_single_node()
        if node is None:
            return Document(None, {})
        lines: dict[Path, int] = {}
        _walk(node, (), lines, set())
        return Document(_construct(loader, node), lines)
    except RecursionError as problem:
        raise YamlProblem("it is nested too deeply", 0) from problem
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        raise YamlProblem(problem.problem or str(problem), mark.line + 1 if mark else 0) from problem
    except (yaml.YAMLError, UnicodeEncodeError) as problem:
        raise YamlProblem(str(problem), 0) from problem


def _construct(loader: _Loader, node: yaml.Node) -> Plain:
    try:
        return cast(Plain, loader.construct_document(node))
    except (ValueError, KeyError, AttributeError) as problem:
        # A number with too many digits, or a tag that does not fit the text (`!!int many`).
        raise YamlProblem(
            "a value does not fit its tag, or has too many digits: put it in quotes", node.start_mark.line + 1
        ) from problem


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int], open_nodes: set[int]) -> None:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if len(lines) > MOST_NODES:
        raise YamlProblem(
            f"the file has more than {MOST_NODES:,} entries with its aliases expanded: remove nested aliases", line
        )
    if id(node) in open_nodes:
        raise YamlProblem("an alias contains itself: write the content out", line)
    open_nodes.add(id(node))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            at = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag not in {
                "tag:yaml.org,2002:str",
                "tag:yaml.org,2002:merge",
            }:
                raise YamlProblem(
                    f"a key must be text, but {getattr(key, 'value', '?')!r} is not: put it in quotes", at
                )
            if key.value in seen:
                raise YamlProblem(f"the key {key.value!r} appears twice: remove one of them", at)
            seen.add(key.value)
            lines[(*path, key.value)] = at
            _walk(value, (*path, key.value), lines, open_nodes)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            _walk(item, (*path, position), lines, open_nodes)
    open_nodes.discard(id(node))
