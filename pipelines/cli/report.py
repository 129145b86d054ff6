"""`loyalty report`: write the report of a published version again."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.console import JsonOption, out, print_json, reports_errors
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.cli.out_file import require_writable
from pipelines.config.settings import load_settings

_MODE = 0o640  # as published files: groups of customers, no individuals


@reports_errors
def report(
    version: Annotated[
        str | None,
        typer.Option("--version", help="The id of the version. Default: the one that readers see.", show_default=False),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--out", help="The file to write. Default: loyalty-report-<version>.html in the current folder."),
    ] = None,
    compare: Annotated[
        str | None, typer.Option("--compare", help="The id of another version to put beside it.", show_default=False)
    ] = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a version as one HTML file that opens without network access."""
    from pipelines.base.durable import write_text_durably
    from pipelines.publication.audit import read_manifest
    from pipelines.publication.versions import find_whole_version, resolve_current
    from pipelines.report.page import report_of

    settings = load_settings(config, home)
    published = settings.paths.published
    folder = find_whole_version(published, version).path if version else resolve_current(published)
    manifest = read_manifest(folder)
    path = to or Path(f"loyalty-report-{manifest.version}.html")
    require_writable(path, settings)
    other = find_whole_version(published, compare).path if compare else None
    html = report_of(folder, manifest, (other, read_manifest(other)) if other else None)
    write_text_durably(path, html, mode=_MODE)
    if as_json:
        print_json({"version": manifest.version, "as_of": manifest.as_of, "path": path.resolve()})
    else:
        out().print(f"{path.resolve()}")
