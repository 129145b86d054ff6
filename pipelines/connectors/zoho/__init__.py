"""Zoho CRM: modules, deletions and members of campaigns, by its API v8.

- `client.py` sends requests and names what the server refuses.
- `modules.py` knows which modules and fields there are.
- `records.py` reads records completely, in batches of fields; `lists.py` reads a module by its list, `bulk.py` by
  bulk read, whose result is read by `bulk_csv.py`.
- `related.py` reads deletions and members of campaigns.
- `connector.py` puts them together.
"""

from pipelines.connectors.zoho.connector import connect

__all__ = ["connect"]
