"""Writes the report of a version to a file."""

from pathlib import Path

from pipelines.publication.model import Manifest
from pipelines.report.page import render
from pipelines.report.source import Source

REPORT = "report/index.html"


def report_of(folder: Path, manifest: Manifest) -> str:
    """The report of a version as one HTML file. Equal versions give equal bytes.

    Args:
        folder: The folder of the version.
        manifest: What is in it.

    Raises:
        PublicationError: A figure of the report could not be computed.
    """
    with Source(folder, manifest) as source:
        return render(source)
