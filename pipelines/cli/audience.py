"""`loyalty audience`: the audiences of loyalty.yml with their counts, and files of one of them for a tool."""

from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.activation.layouts import Layout
from pipelines.base.errors import ConfigError
from pipelines.cli.console import JsonOption, out, print_json, print_rows, print_warning, reports_errors
from pipelines.cli.exclusive import exclusive
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.config.settings import Settings, load_settings


@reports_errors
def audience(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The audience. Without it: list all.")] = None,
    layout: Annotated[
        Layout | None, typer.Option("--format", help="Write the files of the audience in the layout of this tool.")
    ] = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the audiences of loyalty.yml with their counts, or write the files of one of them for a marketing tool.

    The files have names and addresses in clear. They are below <home>/audiences, readable by you only.
    """
    settings = load_settings(config, home)
    if name is None:
        if layout is not None:
            raise ConfigError("--format needs the name of an audience", hint="call `loyalty audience` to list them")
        _list(settings, as_json=as_json)
        return
    if layout is None:
        raise ConfigError(
            f"the format is missing: {', '.join(Layout)}", hint=f"write: loyalty audience {name} --format csv"
        )
    from pipelines.activation.export import export_audience, summary
    from pipelines.activation.never import list_warning

    with exclusive(settings, "audience", read_only=False):
        exported = export_audience(settings, name, layout)
    if as_json:
        print_json(asdict(exported))
    else:
        out().print(summary(exported))
    if warning := list_warning(name, exported.list_lines["unknown"]):
        print_warning(warning)


def _list(settings: Settings, *, as_json: bool) -> None:
    from pipelines.activation.listing import count_audiences
    from pipelines.reading import open_version

    if not settings.audiences and not as_json:
        out().print("loyalty.yml has no audiences; docs/audiences.md shows how to declare one")
        return
    with open_version(settings.home) as version:
        found = count_audiences(version, settings.audiences)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    names = ("audience", "channel", "members", "suppressed", "held out", "to contact", "rule")
    counts = [[f"{n:,}" for n in (one.members, one.suppressed, one.held_out, one.to_contact)] for one in found]
    print_rows(names, [[one.audience, one.channel, *n, one.rule] for one, n in zip(found, counts, strict=True)])
    for one in found:
        if one.problem:
            print_warning(
                f"the audience `{one.audience}` {one.problem}. Call `loyalty run`, so that it has its own members"
            )
        for warning in one.warnings:
            print_warning(warning)
