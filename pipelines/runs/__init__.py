"""Runs: how a day is built, what the warehouse holds, who may run, and who is notified. Nothing imports Dagster."""
