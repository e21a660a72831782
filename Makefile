.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
ONLY ?=
DATA ?=
STATE ?=

export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DAGSTER_DISABLE_TELEMETRY := yes

.PHONY: help install simulate run ui test test-long lint format bench bench-peers results soak ci-slim lock clean

help: ## List every recipe
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# The stamp holds the environment to the lock file: a changed lock installs anew.
.venv/.installed: requirements.lock pyproject.toml
	@echo "installing into .venv (some minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

install: .venv/.installed ## Make .venv from requirements.lock

landing/.simulated: | .venv/.installed
	$(BIN)/goldloop simulate

simulate: landing/.simulated ## Write the example business's files into landing/ (once)

run: .venv/.installed landing/.simulated ## Run the whole loop: land, build, train, score, publish
	$(BIN)/goldloop run

ui: .venv/.installed ## Open Dagster on 127.0.0.1:3000
	$(BIN)/goldloop ui

test: .venv/.installed ## Run the tests, but for those that take minutes
	$(BIN)/python -m pytest $(ONLY)

test-long: .venv/.installed ## Run the tests that take minutes: examples on real files, second runs, planted faults of whole runs
	$(BIN)/python -m pytest -m 'long and not soak'

lint: .venv/.installed ## ruff, mypy --strict, sqlfluff, dbt parse without warnings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 models macros tests/dbt examples
	$(BIN)/dbt --quiet --warn-error parse --no-partial-parse --profiles-dir .

format: .venv/.installed ## Format Python and SQL
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --processes 2 models macros tests/dbt examples

bench: .venv/.installed ## Measure beside the peers: make bench [ONLY=name]
	$(BIN)/python -m bench $(ONLY)

results: .venv/.installed ## Run the examples on the real files, write docs/results.md: make results [DATA=folder] [ONLY=name]
	$(BIN)/python -m bench.real_data $(if $(DATA),--data $(DATA)) $(ONLY)

bench-peers: ## Make .bench-venv and .bench-drift-venv, the environments of the peers that are measured beside
	$(PYTHON) -m venv .bench-venv
	.bench-venv/bin/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	$(PYTHON) -m venv .bench-drift-venv
	.bench-drift-venv/bin/python -m pip install --quiet --disable-pip-version-check -r bench/drift-requirements.txt

soak: .venv/.installed ## Reliability at length, kills included: make soak [ONLY=name]
	$(if $(ONLY),,$(BIN)/python -m pytest -m soak)
	$(BIN)/python -m tests.soak $(ONLY)

ci-slim: .venv/.installed ## Smoke-test all on a sample, build what changed: make ci-slim [STATE=folder]
	$(BIN)/goldloop ci $(if $(STATE),--state $(STATE))

lock: ## Resolve requirements.lock anew (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-strip-extras --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements.lock

clean: ## Remove what runs have made: landing, releases, build output
	rm -rf landing target logs
	find warehouse -mindepth 1 -maxdepth 1 ! -name dev -exec rm -rf {} +
	rm -f warehouse/dev/warehouse.duckdb*
