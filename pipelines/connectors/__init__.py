"""Pulls: records of CRMs, shops, survey tools and databases, as files in the inbox of their source.

- `pulling.py` says what a connector is, and pulls the objects of one source.
- `pages.py` keeps the pages of a pull that is not finished; `pulled_files.py` knows what earlier pulls have delivered.
- `web.py` sends requests: time limits, retries, the server's clock.
- One module per vendor has what its interface needs, and nothing else.

What is pulled lands like every other file: by the mapping of its source. No Dagster here.
"""
