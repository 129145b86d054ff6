"""What is done with the marts: audiences for the tools of marketing.

Only this package joins members of audiences with names and addresses. It reads published versions and the restricted
tables of the last build, and writes below `<home>/audiences` and `<home>/audience_touches`.
"""

from pipelines.activation.export import ExportedAudience, export_audience, summary
from pipelines.activation.listing import AudienceCount, count_audiences

__all__ = ["AudienceCount", "ExportedAudience", "count_audiences", "export_audience", "summary"]
