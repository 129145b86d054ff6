"""Orchestration: the asset graph, its jobs and checks, and the run around them. Dagster lives here and nowhere else.

What a step does is written in the part that it belongs to (landing, quality, value, publication) or in dbt; here is
only when it runs, on what, under which lock, and what is told about it.
"""
