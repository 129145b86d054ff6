"""`loyalty versions`: list the published versions, show which one readers see, and delete or pin one."""

from typing import Annotated

import typer

from pipelines.cli.console import JsonOption, out, print_json, print_rows, print_warning, reports_errors
from pipelines.cli.exclusive import print_progress
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.config.settings import Settings, load_settings
from pipelines.publication import Version

app = typer.Typer(help="List the published versions, delete a version, or pin one.", invoke_without_command=True)

IdArgument = Annotated[
    str, typer.Argument(help="The id of the version, such as 2026-06-30_61572b33; `loyalty versions` lists them.")
]


@app.callback()
def versions(
    context: typer.Context, config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """List the published versions, delete a version, or pin one."""
    if context.invoked_subcommand is None:
        _list(config=config, home=home, as_json=as_json)


@reports_errors
def _list(config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    from pipelines.publication import list_versions, pinned_id

    published = load_settings(config, home).paths.published
    found, pinned = list_versions(published), pinned_id(published)
    if as_json:
        print_json([_as_json(version, pinned) for version in found])
        return
    if not found:
        out().print("nothing is published yet")
        return
    rows = []
    for version in found:
        facts = _as_json(version, pinned)
        published_at = version.manifest.published_at.strftime("%Y-%m-%d %H:%M") if version.manifest else "-"
        state = "pinned" if version.id == pinned else "current" if version.is_current else version.problem
        restated = "-" if facts["n_restated"] is None else f"{facts['n_restated']:,}"
        counts = [f"{facts['rows']:,}", restated, str(facts["n_warnings"])]
        rows.append([version.id, published_at, *counts, str(facts["origin"]) or "-", state])
    print_rows(["version", "published (UTC)", "rows", "restated", "warnings", "built by", "state"], rows)


@app.command("delete")
@reports_errors
def delete(version: IdArgument, config: ConfigOption = None, home: HomeOption = None) -> None:
    """Delete a version that readers do not see."""
    from pipelines.publication import delete_version

    settings = load_settings(config, home)
    deleted = delete_version(settings.paths.published, version)
    _follow(settings)
    out().print(f"{deleted.id} is deleted")


@app.command("pin")
@reports_errors
def pin(version: IdArgument, config: ConfigOption = None, home: HomeOption = None) -> None:
    """Show readers this version, even after newer versions are published."""
    from pipelines.publication import pin as pin_version

    settings = load_settings(config, home)
    shown = pin_version(settings.paths.published, version)
    _follow(settings)
    out().print(f"readers now see {shown.id}, until you call: loyalty versions unpin")


@app.command("unpin")
@reports_errors
def unpin(config: ConfigOption = None, home: HomeOption = None) -> None:
    """Show readers the newest version again, and each later version when it is published."""
    from pipelines.publication import unpin as unpin_version

    settings = load_settings(config, home)
    shown = unpin_version(settings.paths.published)
    _follow(settings)
    out().print(f"readers now see {shown.id}")


def _follow(settings: Settings) -> None:
    from pipelines.publication.targets import follow_or_warn

    follow_or_warn(settings, print_progress, print_warning)


def _as_json(version: Version, pinned: str | None) -> dict[str, object]:
    from pipelines.publication import n_restated

    manifest = version.manifest
    return {
        "id": version.id,
        "as_of": version.as_of,
        "published_at": manifest.published_at if manifest else None,
        "origin": manifest.origin if manifest else "",
        "rows": sum(version.rows.values()),
        "n_restated": n_restated(version),
        "n_warnings": len(manifest.warnings) if manifest else 0,
        "warnings": manifest.warnings if manifest else (),
        "is_current": version.is_current,
        "is_pinned": version.id == pinned,
        "problem": version.problem,
        "path": version.path,
    }
