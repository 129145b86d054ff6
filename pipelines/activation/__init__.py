"""What is done with the marts: audiences for the tools of marketing.

Only this package joins members of audiences with names and addresses. It reads published versions and the restricted
tables of the last build, and writes below `<home>/audiences`.
"""

from pipelines.activation.listing import AudienceCount, count_audiences

__all__ = ["AudienceCount", "count_audiences"]
