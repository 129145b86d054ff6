# Loyalty Marts: the tasks of developers and of CI. `make help` lists them.
# If uv is installed, it is used; otherwise venv and pip. Both install exactly the locked versions.

VENV      := .venv
BIN       := $(VENV)/bin
HOME_DIR  ?= home
CUSTOMERS ?= 3000
DAYS      ?= 240
UV        := $(shell command -v uv 2>/dev/null)
# The first interpreter that runs and has a supported version. It is started, because a shim may exist but not work.
PYTHON    ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
               $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
PEERS_PYTHON ?= $(PYTHON)
WORKERS   ?= 2
PYTEST    := $(BIN)/python -m pytest
# The tests of one file run in one worker: they share fixtures that take long to build (a home after a run).
# Files start in the order of their names: those with whole builds (dbt, pipeline) before the short ones (unit).
PARALLEL  := --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
SHORT     := not spark and not splink and not postgres and not mariadb and not s3 and not browser and not trial and not slow and not story

.DEFAULT_GOAL := help
.PHONY: help setup setup-spark setup-identity setup-postgres setup-sql setup-s3 setup-superset run test coverage check lint types sql docs parse definitions long stories mutants parity slow trial-short trial bench bench-peers bench-scale format lock clean

help: ## list all targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## create .venv with the locked packages and this project, and prepare the dbt project

$(VENV)/.ready: requirements.lock pyproject.toml pipelines/runs/dbt_templates.py
	@test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.13 was found: install one, or run make PYTHON=/path/to/python3.12"; exit 1; }
ifdef UV
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
endif
	@$(BIN)/python -m pipelines.runs.dbt_manifest # dbt parses the project once here, not in each new home
	@touch $@

# an extra with a lock of its own
setup-spark: $(VENV)/.ready-spark ## add dbt-spark and pyspark (install Java 17 yourself)

setup-identity: $(VENV)/.ready-identity ## add splink, which `loyalty identity propose` needs

setup-postgres: $(VENV)/.ready-postgres ## add the driver of PostgreSQL, which `publish.postgres` needs

setup-sql: $(VENV)/.ready-sql ## add the drivers of the databases that `loyalty pull sql` reads

$(VENV)/.ready-%: $(VENV)/.ready requirements-%.lock
ifdef UV
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-$*.lock
else
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-$*.lock
endif
	@touch $@

setup-s3: $(VENV)/.ready-s3 ## add the server of the tests of object storage (150 MB); `publish.s3` needs nothing

$(VENV)/.ready-s3: $(VENV)/.ready tests/targets/requirements.txt
ifdef UV
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r tests/targets/requirements.txt
else
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r tests/targets/requirements.txt
endif
	@touch $@

setup-superset: .venv-superset/.ready ## install Superset in an environment of its own, for its test in make slow

.venv-superset/.ready: tests/bi/requirements.txt
ifdef UV
	@test -x .venv-superset/bin/python || $(UV) venv --quiet --python $(PYTHON) .venv-superset
	@$(UV) pip install --quiet --python .venv-superset/bin/python -r tests/bi/requirements.txt
else
	@test -x .venv-superset/bin/python || $(PYTHON) -m venv .venv-superset
	@.venv-superset/bin/python -m pip install --quiet -r tests/bi/requirements.txt
endif
	@touch $@

run: setup ## make sample files, run the whole pipeline on them, publish the marts
	@$(BIN)/loyalty sample --out $(HOME_DIR) --customers $(CUSTOMERS) --days $(DAYS)
	@$(BIN)/loyalty run --config $(HOME_DIR)/loyalty.yml

test: setup ## run the tests that need no Java and no real data
	$(PYTEST) $(PARALLEL) -m "$(SHORT)"

coverage: setup ## run the tests of make test and list the lines of pipelines/ that they do not reach (slower by a fifth)
	$(PYTEST) $(PARALLEL) -m "$(SHORT)" --cov --cov-report=term-missing:skip-covered

stories: setup ## run the tests that do several full runs in one home
	$(PYTEST) $(PARALLEL) -m "story and not postgres and not slow"

check: lint types parse sql definitions test long ## run everything that CI runs

lint: setup ## check style and format of Python with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## check types with mypy (strict)
	$(BIN)/mypy

docs: setup ## write what is generated: docs/settings.md, docs/quality-checks.md, docs/columns.md, docs/marts.md, dbt defaults, entity macro, rules seed
	$(BIN)/python -m pipelines.config.reference
	$(BIN)/python -m pipelines.quality.reference
	$(BIN)/python -m pipelines.quality.entity_reference
	$(BIN)/python -m pipelines.quality.column_reference
	$(BIN)/python -m pipelines.quality.mart_reference

parse: setup ## parse the dbt project; warnings are errors
	$(BIN)/dbt --warn-error parse --quiet --project-dir dbt_project --profiles-dir dbt_project

sql: setup ## check style of the models and SQL tests with sqlfluff
	$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests --processes 2 --disable-progress-bar

definitions: setup ## check that Dagster can load its definitions
	$(BIN)/dagster definitions validate -w workspace.yaml

long: setup-spark setup-identity setup-postgres setup-sql setup-s3 ## stories, parity, proposals, targets, browser and trial-short in one pytest run, in the order of files: the longest start first
	$(PYTEST) $(PARALLEL) -m "(story or spark or splink or postgres or mariadb or s3 or browser or trial) and not slow"

mutants: setup ## put small faults into a copy of the project; the named tests must fail for each
	$(PYTEST) -m mutant --durations=5

parity: setup-spark ## build on Spark, and compare every mart with the one from DuckDB
	$(PYTEST) -m spark

slow: setup ## run what make check leaves out: mutants, backups, thousands of kills and hostile files
	$(PYTEST) $(PARALLEL) -m "slow and not trial"

trial-short: setup ## run the short trials on real data; skipped if the data is missing
	$(PYTEST) $(PARALLEL) -m "trial and not slow"

trial: setup ## run all trials on real data, short and long
	$(PYTEST) $(PARALLEL) -m "trial"

bench: setup ## measure times, compared with plain SQL and other packages
	$(BIN)/python benchmarks/value_models.py
	$(BIN)/python benchmarks/value_sample.py
	$(BIN)/python benchmarks/pipeline.py
	$(BIN)/python benchmarks/whole.py
	$(BIN)/python benchmarks/gates.py

bench-peers: ## install the packages that make bench compares with into .venv-peers (0.6 GB)
ifdef UV
	@$(UV) venv --quiet --allow-existing --python $(PEERS_PYTHON) .venv-peers
	@$(UV) pip install --quiet --python .venv-peers/bin/python -r benchmarks/requirements.txt
else
	@$(PEERS_PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet -r benchmarks/requirements.txt
endif

bench-scale: setup ## measure 10,000,000 customers with 100,000,000 orders (15 GB disk, 10 to 20 minutes)
	$(BIN)/python benchmarks/value_scale.py

format: setup ## let ruff and sqlfluff fix style and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix dbt_project/models dbt_project/tests

lock: ## update the five lock files (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --no-annotate --extra dev pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --no-annotate --extra dev --extra spark -c requirements.lock pyproject.toml -o requirements-spark.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --no-annotate --extra dev --extra identity -c requirements.lock pyproject.toml -o requirements-identity.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --no-annotate --extra dev --extra postgres -c requirements.lock pyproject.toml -o requirements-postgres.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --no-annotate --extra dev --extra sql -c requirements.lock pyproject.toml -o requirements-sql.lock

clean: ## remove files that make created (not your home folders)
	rm -rf $(VENV) .venv-peers .venv-superset dbt_project/target dbt_project/logs .pytest_cache .mypy_cache .ruff_cache .coverage
