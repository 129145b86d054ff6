"""What is done with the marts: audiences for the tools of marketing, and values for the fields of a CRM.

Only this package joins the marts with names, addresses and references. It reads published versions and the restricted
tables of the last build, and writes below `<home>/audiences`, `<home>/audience_touches` and `<home>/state/push`.
"""

from pipelines.activation.export import ExportedAudience, export_audience, summary
from pipelines.activation.listing import AudienceCount, count_audiences
from pipelines.activation.never import list_warning
from pipelines.activation.unmatched import audience_warnings

__all__ = [
    "AudienceCount",
    "ExportedAudience",
    "audience_warnings",
    "count_audiences",
    "export_audience",
    "list_warning",
    "summary",
]
