"""The templates of the dbt project (models, tests, macros), compiled once for all dbt processes.

Jinja compiles a template to Python code before it renders it. For this project this takes 1.5 seconds in each dbt
process. So `make setup` compiles the templates, and dbt processes read the result. The file is in the project's folder,
like the project's own code: its content is executed. If it does not have a template, dbt compiles this template.
"""

import marshal
import sys
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from types import CodeType
from typing import Any

TEMPLATES = "target/parsed/templates"  # in the folder of the dbt project


class CompiledTemplates:
    """Compiled templates, found by the class of their Jinja environment and their text.

    Args:
        path: The file. If it is missing or broken, or was written with other versions, no template is found.
    """

    def __init__(self, path: Path) -> None:
        self._found: dict[tuple[str, bytes], CodeType] = {}
        try:
            made_by, found = marshal.loads(path.read_bytes())
        except (OSError, ValueError, EOFError, TypeError):
            return
        if made_by == _versions():
            self._found = found

    def get(self, kind: type, text: str) -> CodeType | None:
        """The code of a template; None if the file does not have it."""
        return self._found.get(_key(kind, text))


def compile_templates(parsed: Path, path: Path) -> None:
    """Compile the templates of a project as dbt has parsed it.

    Args:
        parsed: The parsed project that dbt has saved, partial_parse.msgpack.
        path: The file to write.
    """
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder
    from dbt_common.clients.jinja import get_environment

    from pipelines.base.durable import write_durably

    manifest: Any = Manifest.from_msgpack(parsed.read_bytes(), decoder=extended_mashumuro_decoder)
    texts = {node.raw_code for node in manifest.nodes.values() if node.language == "sql"}
    texts |= {macro.macro_sql for macro in manifest.macros.values()}
    environment: Any = get_environment()
    found = {_key(type(environment), text): environment.compile(text) for text in sorted(texts)}
    path.parent.mkdir(parents=True, exist_ok=True)
    content = marshal.dumps((_versions(), found))
    write_durably(path, lambda temporary: temporary.write_bytes(content))


def _key(kind: type, text: str) -> tuple[str, bytes]:
    return kind.__name__, sha256(text.encode()).digest()


def _versions() -> tuple[str, ...]:
    return sys.version, version("jinja2"), version("dbt-core"), version("dbt-common")
