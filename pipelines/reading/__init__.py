"""The safe way to read a published version: one version, whole, until the reader is done with it.

Analysts use it in Python, and `loyalty export` writes files for people with it. It reads what publication has
published; it changes nothing.

    from pipelines.reading import open_version

    version = open_version("home")
    rfm = version.read("customer_rfm", columns=["customer_key", "rfm_segment"], where="recency_days > 90")
"""

from pipelines.reading.export import Exported, export_mart
from pipelines.reading.formats import Format
from pipelines.reading.version import OpenVersion, open_version

__all__ = ["Exported", "Format", "OpenVersion", "export_mart", "open_version"]
