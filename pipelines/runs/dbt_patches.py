"""Replaces methods of dbt that repeat the same work for each node. The results stay the same.

The project has hundreds of nodes, and dbt prepares each of them from the beginning. Each function here replaces methods
of dbt or of its libraries. The replacements are written for the locked versions (requirements.lock).
"""

from collections.abc import Iterator
from functools import cache
from types import CodeType
from typing import Any

from pipelines.runs.dbt_templates import CompiledTemplates

_OF_NODE = "loyalty_context_node_and_stack"


def patch_dbt(templates: CompiledTemplates) -> None:
    """Replace the methods in this process. Call it once, before the first command.

    Args:
        templates: The templates that `make setup` has compiled.
    """
    _fill_events_when_read()
    _share_macros()
    _keep_compiled_templates(templates)
    _return_plain_text()
    _write_no_run_files()
    _check_log_size_once()
    _keep_what_never_changes()


def _fill_events_when_read() -> None:
    """dbt fills every event, but most are for debugging and are never read. Here an event is filled when it is read."""
    from dbt_common.events.base_types import BaseEvent

    event: Any = BaseEvent
    fill = event.__init__

    def keep(self: Any, *args: Any, **kwargs: Any) -> None:
        vars(self)["given"] = args, kwargs

    def read(self: Any, key: str) -> Any:
        if key != "pb_msg":
            return getattr(self.pb_msg, key)
        args, kwargs = vars(self)["given"]
        fill(self, *args, **kwargs)
        return vars(self)["pb_msg"]

    event.__init__, event.__getattr__ = keep, read


def _share_macros() -> None:
    """Each node gets all macros of the project twice, each macro with the context, the node and the stack of calls.

    Here the macros are shared. One that is called takes these three from the context of the caller.
    """
    from dbt.clients.jinja import MacroGenerator
    from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
    from dbt_common.clients.jinja import MacroFuzzEnvironment

    class SharedMacro(MacroGenerator):
        pass

    class Namespace(MacroNamespace):
        """The same members, each found at once."""

        def __init__(self, **parts: Any) -> None:
            super().__init__(**parts)
            self._found: dict[str, Any] = {}
            for names in reversed([*self._search_order()]):
                self._found.update(names)

        def __iter__(self) -> Iterator[str]:
            return iter(self._found)

        def __len__(self) -> int:
            return len(self._found)

        def __getitem__(self, key: str) -> Any:
            return self._found[key]

    environment: Any = MacroFuzzEnvironment
    builder: Any = MacroNamespaceBuilder
    call_any = environment.call
    shared: dict[int, SharedMacro] = {}  # by id() of the macro, which the shared one keeps alive

    def call(self: Any, context: Any, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(called, SharedMacro):
            return call_any(self, context, called, *args, **kwargs)
        for only_for_jinja in ("_loop_vars", "_block_vars"):
            kwargs.pop(only_for_jinja, None)
        return MacroGenerator(called.macro, *context[_OF_NODE])(*args, **kwargs)

    def share(macro: Any) -> SharedMacro:
        return shared.setdefault(id(macro), SharedMacro(macro))

    last: tuple[Any, int, dict[str, dict[str, SharedMacro]]] = {}, 0, {}

    def share_all(macros_by_package: dict[str, dict[str, Any]]) -> dict[str, dict[str, SharedMacro]]:
        nonlocal last
        number = sum(map(len, macros_by_package.values()))  # dbt can add macros to the same dictionary
        given, given_number, found = last
        if given is not macros_by_package or given_number != number:
            found = {
                package: {name: share(macro) for name, macro in macros.items()}
                for package, macros in macros_by_package.items()
            }
            last = macros_by_package, number, found
        return found

    def build_namespace(self: Any, macros_by_package: dict[str, dict[str, Any]], ctx: dict[str, Any]) -> Namespace:
        ctx[_OF_NODE] = ctx, self.node, self.thread_ctx
        # copies, because a unit test replaces macros in them
        packages = {package: macros.copy() for package, macros in share_all(macros_by_package).items()}
        internal: dict[str, Any] = {}
        for package in reversed(self.internal_package_names_order):  # the first one wins
            internal.update(packages.get(package, {}))
        others = {name: macros for name, macros in packages.items() if name not in self.internal_package_names}
        return Namespace(
            global_namespace={} if self.root_package == self.search_package else others.get(self.root_package, {}),
            local_namespace=others.get(self.search_package, {}),
            global_project_namespace=internal,
            packages=others,
        )

    environment.call = call
    builder.build_namespace = build_namespace


def _keep_compiled_templates(templates: CompiledTemplates) -> None:
    """dbt compiles a template each time it renders a node. Here each text is compiled once, if `make setup` has not."""
    from dbt_common.clients.jinja import MacroFuzzEnvironment

    environment: Any = MacroFuzzEnvironment
    compile_any = environment.compile
    kept: dict[tuple[type, str], CodeType] = {}

    def compile_once(self: Any, source: Any, *args: Any, **kwargs: Any) -> Any:
        if args or kwargs or not isinstance(source, str):
            return compile_any(self, source, *args, **kwargs)
        if (type(self), source) not in kept:
            kept[type(self), source] = templates.get(type(self), source) or compile_any(self, source)
        return kept[type(self), source]

    environment.compile = compile_once


def _return_plain_text() -> None:
    """dbt renders each text in the arguments of tests as a template. Here a text without Jinja is returned as it is."""
    from dbt.clients import jinja

    class PlainTexts(dict[str, str]):
        """Replaces dbt's cache of rendered texts without Jinja's marks, except texts whose line ends Jinja changes."""

        def __contains__(self, text: object) -> bool:
            return isinstance(text, str) and "\r" not in text and not text.endswith("\n")

        def __getitem__(self, text: str) -> str:
            return text

    jinja._render_cache = PlainTexts()


def _write_no_run_files() -> None:
    """dbt writes each statement to a file in target/run. Here it does not. The SQL of a model is in target/compiled."""
    from dbt.context.providers import ProviderContext

    context: Any = ProviderContext
    context.write = lambda _self, _payload: ""


def _check_log_size_once() -> None:
    """Before each line of its log, Python asks the file system for the file and its size. Here once per command."""
    from logging.handlers import RotatingFileHandler

    handler: Any = RotatingFileHandler
    check = handler.shouldRollover

    def check_once(self: Any, record: Any) -> bool:
        if "loyalty_size_was_checked" in vars(self):
            return False
        self.loyalty_size_was_checked = True
        return bool(check(self, record))

    handler.shouldRollover = check_once


def _keep_what_never_changes() -> None:
    """The modules that a template can use, and the names of months and days that agate prepares for each result."""
    import parsedatetime
    from dbt.context import base

    base.get_context_modules = cache(base.get_context_modules)
    parsedatetime.Constants = cache(parsedatetime.Constants)
