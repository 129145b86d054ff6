"""`loyalty versions`: list the published versions, show which one readers see, and delete or pin one."""

from typing import Annotated

import typer

from pipelines.cli.console import JsonOption, out, print_json, print_rows, spoken
from pipelines.cli.options import ConfigOption, HomeOption
from pipelines.config.settings import load_settings
from pipelines.publication import Version

app = typer.Typer(help="List the published versions, delete one, or keep readers on one.", invoke_without_command=True)

IdArgument = Annotated[str, typer.Argument(help="The version, as `loyalty versions` lists it: 2026-06-30_61572b33.")]


@app.callback()
def versions(
    context: typer.Context, config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """List the published versions, delete one, or keep readers on one."""
    if context.invoked_subcommand is None:
        _list(config=config, home=home, as_json=as_json)


@spoken
def _list(config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    from pipelines.publication import list_versions, pinned_id

    published = load_settings(config, home).paths.published
    found, pinned = list_versions(published), pinned_id(published)
    if as_json:
        print_json([_as_json(version, pinned) for version in found])
        return
    if not found:
        out().print("no version yet")
        return
    rows = []
    for version in found:
        facts = _as_json(version, pinned)
        published_at = version.manifest.published_at.strftime("%Y-%m-%d %H:%M") if version.manifest else "-"
        state = "pinned" if version.id == pinned else "current" if version.is_current else version.problem
        counts = [f"{facts['rows']:,}", str(facts["n_warnings"])]
        rows.append([version.id, published_at, *counts, str(facts["origin"]) or "-", state])
    print_rows(["version", "published (UTC)", "rows", "warnings", "built by", "state"], rows)


@app.command("delete")
@spoken
def delete(version: IdArgument, config: ConfigOption = None, home: HomeOption = None) -> None:
    """Remove a version that readers do not see."""
    from pipelines.publication import delete_version

    gone = delete_version(load_settings(config, home).paths.published, version)
    out().print(f"{gone.id} is deleted")


@app.command("pin")
@spoken
def pin(version: IdArgument, config: ConfigOption = None, home: HomeOption = None) -> None:
    """Show readers a version, and keep them on it even if newer versions are published."""
    from pipelines.publication import pin as pin_version

    shown = pin_version(load_settings(config, home).paths.published, version)
    out().print(f"current is now {shown.id}, until you run: loyalty versions unpin")


@app.command("unpin")
@spoken
def unpin(config: ConfigOption = None, home: HomeOption = None) -> None:
    """Let readers see the newest version again, and later ones as they are published."""
    from pipelines.publication import unpin as unpin_version

    shown = unpin_version(load_settings(config, home).paths.published)
    out().print(f"current is now {shown.id}")


def _as_json(version: Version, pinned: str | None) -> dict[str, object]:
    manifest = version.manifest
    return {
        "id": version.id,
        "as_of": version.as_of,
        "published_at": manifest.published_at if manifest else None,
        "origin": manifest.origin if manifest else "",
        "rows": sum(version.rows.values()),
        "n_warnings": len(manifest.warnings) if manifest else 0,
        "warnings": manifest.warnings if manifest else (),
        "is_current": version.is_current,
        "is_pinned": version.id == pinned,
        "problem": version.problem,
        "path": version.path,
    }
