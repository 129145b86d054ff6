"""Targets: what a published version is written to besides the home, such as a database.

The home is the master. A target only repeats versions of the home: a whole version or none, the same current version,
and none that the home no longer has. target.py says what a target must be able to do, following.py makes a target equal
to the home, configured.py makes the targets of the settings. postgres*.py are the target PostgreSQL, object_storage.py
is the target S3.
"""

from pipelines.publication.targets.configured import follow_all, follow_or_warn
from pipelines.publication.targets.following import Followed, follow
from pipelines.publication.targets.target import Target, TargetError

__all__ = ["Followed", "Target", "TargetError", "follow", "follow_all", "follow_or_warn"]
