# Loyalty Marts: every task of a developer and of CI. `make help` lists them.
# uv is used where it is installed, else venv and pip; both install exactly what the lock says.

VENV      := .venv
BIN       := $(VENV)/bin
HOME_DIR  ?= home
CUSTOMERS ?= 3000
DAYS      ?= 240
UV        := $(shell command -v uv 2>/dev/null)
# The first interpreter that is there and of a supported version (a shim can exist and not run).
PYTHON    ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
               $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
PEERS_PYTHON ?= $(PYTHON)
WORKERS   ?= 2
PYTEST    := $(BIN)/python -m pytest
# A file's tests stay together: they share what is dear to make (a home that has been run).
PARALLEL  := --numprocesses $(WORKERS) --dist loadfile
COVERAGE  := --cov --cov-report=term:skip-covered

.DEFAULT_GOAL := help
.PHONY: help setup setup-spark run test check lint types sql docs parse definitions long stories mutants parity faults trial-short trial bench bench-peers bench-scale format lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## install the locked packages and the project into .venv

$(VENV)/.ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.13 was found: install one, or call make PYTHON=/path/to/python3.12"; exit 1; }
ifdef UV
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
endif
	@touch $@

setup-spark: $(VENV)/.ready-spark ## add dbt-spark and pyspark (Java 17 is yours to install)

$(VENV)/.ready-spark: $(VENV)/.ready requirements-spark.lock
ifdef UV
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-spark.lock
else
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-spark.lock
endif
	@touch $@

run: setup ## make a sample, run the whole pipeline on it, publish the marts
	@$(BIN)/loyalty sample --out $(HOME_DIR) --customers $(CUSTOMERS) --days $(DAYS)
	@$(BIN)/loyalty run --config $(HOME_DIR)/loyalty.yml

test: setup ## run the tests that need neither Java nor real data
	$(PYTEST) $(PARALLEL) -m "not spark and not trial and not slow and not story and not mutant" $(COVERAGE)

stories: setup ## run the tests that take one home through several whole runs
	$(PYTEST) $(PARALLEL) -m "story and not slow"

check: lint types parse sql definitions test long ## all that CI runs

lint: setup ## ruff, style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy, strict
	$(BIN)/mypy

docs: setup ## write what is generated from the declared settings and entities
	$(BIN)/python -m pipelines.config.reference
	$(BIN)/python -m pipelines.quality.entity_reference

parse: setup ## dbt parse, without warnings
	$(BIN)/dbt --warn-error parse --quiet --project-dir dbt_project --profiles-dir dbt_project

sql: setup ## sqlfluff on the models
	$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests --processes 2 --disable-progress-bar

definitions: setup ## load Dagster's definitions
	$(BIN)/dagster definitions validate -w workspace.yaml

long: setup-spark ## stories, mutants, parity and trial-short at once, in the order of their files: the long ones come first
	$(PYTEST) $(PARALLEL) --no-loadscope-reorder -m "(story or mutant or spark or trial) and not slow"

mutants: setup ## put small faults into a copy of the project: the tests that look at each must fail
	$(PYTEST) -m mutant --durations=5

parity: setup-spark ## build on Spark and compare every mart with DuckDB's
	$(PYTEST) -m spark

faults: setup ## the long form of the fault tests: thousands of hostile files
	$(PYTEST) $(PARALLEL) -m "slow and not trial"

trial-short: setup ## short trials on real data, skipped where it is absent
	$(PYTEST) $(PARALLEL) -m "trial and not slow"

trial: setup ## the long trials on real data
	$(PYTEST) $(PARALLEL) -m "trial"

bench: setup ## measure against a floor and peers
	$(BIN)/python benchmarks/value_models.py
	$(BIN)/python benchmarks/value_sample.py
	$(BIN)/python benchmarks/pipeline.py
	$(BIN)/python benchmarks/whole.py
	$(BIN)/python benchmarks/gates.py

bench-peers: ## put the peers of the value models into .venv-peers, for make bench (0.6 GB)
ifdef UV
	@$(UV) venv --quiet --allow-existing --python $(PEERS_PYTHON) .venv-peers
	@$(UV) pip install --quiet --python .venv-peers/bin/python -r benchmarks/requirements.txt
else
	@$(PEERS_PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet -r benchmarks/requirements.txt
endif

bench-scale: setup ## measure 10,000,000 customers with 100,000,000 orders (15 GB of disk, 10 to 20 minutes)
	$(BIN)/python benchmarks/value_scale.py

format: setup ## write ruff's and sqlfluff's fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix dbt_project/models dbt_project/tests

lock: ## compile both locks anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --no-annotate --extra dev pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --no-annotate --extra dev --extra spark -c requirements.lock pyproject.toml -o requirements-spark.lock

clean: ## remove what make made (not your home folders)
	rm -rf $(VENV) .venv-peers dbt_project/target dbt_project/logs .pytest_cache .mypy_cache .ruff_cache .coverage
