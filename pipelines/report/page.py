"""Puts the report together: queries, texts, charts and tables become one HTML file. Jinja2 escapes every value."""

from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.base.errors import PublicationError
from pipelines.publication.model import SCHEMA_VERSION, Manifest
from pipelines.report.advice import advice
from pipelines.report.compare import comparisons
from pipelines.report.headline import headlines
from pipelines.report.language import Language
from pipelines.report.pages import PAGES
from pipelines.report.source import Source
from pipelines.report.texts import LANGUAGES

_FOLDER = Path(__file__).parent
_TAGS = {"en": "en", "zh": "zh-Hans"}  # of the languages, for the browser


def report_of(folder: Path, manifest: Manifest, compared: tuple[Path, Manifest] | None = None) -> str:
    """The report of a version as one HTML file. Equal versions give equal bytes.

    Args:
        folder: The folder of the version.
        manifest: What is in it.
        compared: The folder and the manifest of another version, which a page puts beside this one.

    Raises:
        PublicationError: The marts are not those that this program reads.
    """
    try:
        with Source(folder, manifest) as source:
            if compared is None:
                return render(source)
            with Source(*compared) as other:
                return render(source, other)
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        raise PublicationError(
            f"the report of the version {manifest.version} cannot be written: its marts have schema version"
            f" {manifest.schema_version}, and this program reads {SCHEMA_VERSION} ({str(error).partition(chr(10))[0]})",
            hint="Choose a newer version (`loyalty versions`), or publish one with `loyalty run`.",
        ) from error


def render(source: Source, other: Source | None = None) -> str:
    """The report of a version as one HTML file. Equal versions give equal bytes."""
    blocks = [block for page in PAGES for block in page.blocks]
    results = source.results(blocks)
    figures = {block.key: source.finding(block) for block in blocks}
    others = other.results(blocks) if other else {}
    other_top = headlines(other) if other else ()
    top, to_do = headlines(source), advice(source)
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    languages = []
    for code in LANGUAGES:
        language = Language(source, code)
        pages = [
            {
                "key": page.key,
                "title": language.texts.get(f"pages.{page.key}.title"),
                "lead": language.texts.get(f"pages.{page.key}.lead"),
                "blocks": [language.block(block, results[block.key], figures[block.key]) for block in page.blocks],
            }
            for page in PAGES
        ]
        languages.append(
            {
                "code": code,
                "tag": _TAGS[code],
                "t": language.texts.get,
                "as_of": language.formats.show("as_of_on", source.manifest.as_of),
                "headlines": [language.headline(item) for item in top],
                "advice": [
                    {
                        "title": language.texts.get(f"advice.{item.key}.title"),
                        "text": language.texts.get(f"advice.{item.key}.text", **language.sentence(values, item.codes)),
                        "page": item.page,
                        "key": item.key,
                    }
                    for item, values in to_do
                ],
                "pages": pages,
                "compared": other.manifest.version if other else "",
                "comparison": comparisons(language, blocks, (others, results), (other_top, top)) if other else (),
                "gates": _gates(source.manifest),
                "files": _files(source.manifest),
                "warnings": source.manifest.warnings,
                "definitions": [language.definitions[anchor] for anchor in sorted(language.definitions)],
            }
        )
    return environment.get_template("report.html.j2").render(
        languages=languages,
        version=source.manifest.version,
        reporting=source.manifest.reporting,
        css=(_FOLDER / "templates" / "report.css").read_text(encoding="utf-8"),
        script=(_FOLDER / "templates" / "report.js").read_text(encoding="utf-8"),
        vega=(_FOLDER / "vendor" / "vega.js").read_text(encoding="utf-8"),
    )


def _gates(manifest: Manifest) -> list[str]:
    """The pages with the results of the gates, as paths in the version."""
    return [file.path for file in manifest.documents if file.path.startswith("quality/")]


def _files(manifest: Manifest) -> list[dict[str, object]]:
    """Per source: the number of files and records, and the date of the latest file."""
    found: dict[str, dict[str, Any]] = {}
    files = manifest.inputs.get("files")
    for file in files if isinstance(files, list) else []:
        if isinstance(file, dict):
            entry = found.setdefault(str(file["source"]), {"files": 0, "records": 0, "latest": ""})
            records = file.get("records")
            entry["files"] += 1
            entry["records"] += records if isinstance(records, int) else 0
            entry["latest"] = max(entry["latest"], str(file.get("file_on") or ""))
    return [{"source": source, **found[source]} for source in sorted(found)]
