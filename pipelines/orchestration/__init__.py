"""Orchestration: the asset graph, its jobs and checks, and the run around them. Only this package uses Dagster.

What a step does is defined in its own part (landing, quality, value, publication) or in dbt. Here is only when it runs,
on what, under which lock, and what is reported about it.
"""
