"""Pulls tables and queries of databases as Parquet.

- `connector.py`: which rows are read, in which order, and how a stopped pull continues.
- `cursors.py`: values of cursor columns: as text, in SQL, and with an overlap.
- `database.py`: what the connector needs of a database; `values.py`: columns of Arrow in which nothing is changed.
- `postgres.py` reads PostgreSQL by ADBC; `alchemy.py` reads all others by SQLAlchemy, with what differs in
  `dialects.py`.
"""

from pipelines.connectors.sql.connector import connect

__all__ = ["connect"]
