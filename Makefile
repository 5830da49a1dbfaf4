# City Accords: every task on one screen. `make` alone shows this list.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/cityaccords
WORKSPACE ?= .
export PYTHONHASHSEED := 0

.DEFAULT_GOAL := help
.PHONY: help setup demo ingest extract export refresh evaluate bench torture models lint types test check clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## Create .venv with the locked packages (wheels only, hashes checked)

# The stamp holds the lock's digest by way of time: a changed lock installs again.
$(VENV)/.ready: requirements.lock
	@command -v $(PYTHON) >/dev/null 2>&1 && p=$(PYTHON) || p=python3; \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "City Accords needs Python 3.11; $$p is $$($$p -V 2>&1). Install it, or name it: make PYTHON=/path/to/python3.11 setup" >&2; exit 2; }; \
	$$p -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index --no-build-isolation -e .
	@touch $@

demo: setup ## Mine the sample corpus end to end in its own workspace demo/
	$(RUN) --workspace demo demo

ingest: setup ## Fetch what is due from the sources in corpus/sources
	$(RUN) --workspace $(WORKSPACE) ingest

extract: setup ## Read, tag, classify, relate, build, and export
	$(RUN) --workspace $(WORKSPACE) extract

export: setup ## Write outputs/agreements from what exists
	$(RUN) --workspace $(WORKSPACE) export

refresh: setup ## Nightly: ingest, extract, validate, then publish, under a lock
	$(RUN) --workspace $(WORKSPACE) refresh

evaluate: setup ## Score the gold sets (the sample's always, ../shared/gold where it exists)
	$(RUN) evaluate

bench: setup ## Speed beside the peers, in one run (ratios, not seconds)
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.bench_ingest
	$(BIN)/python -m tests.bench.bench_gazetteer
	$(BIN)/python -m tests.bench.bench_pdf

torture: setup ## Kills, a flaky and a hostile server, memory and manners, in full (an hour)
	$(BIN)/python -m tests.torture all

models: .venv-models/.ready ## Rebuild gazetteer and classifiers (build-time packages go to .venv-models)
	.venv-models/bin/python -m pipeline train

.venv-models/.ready: requirements-models.lock
	python3 -m venv .venv-models
	.venv-models/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $<
	@touch $@

lint: setup ## Style and import layers
	$(BIN)/ruff check .
	$(BIN)/lint-imports --cache-dir .import_linter_cache

types: setup ## Types, strictly
	$(BIN)/mypy

test: setup ## All tests
	$(BIN)/python -m pytest -n 2

check: lint types test ## What CI runs: test, plus style, import layers, types and quality floors
	$(RUN) evaluate --floors

clean: ## Remove derived files; never corpus/archive, corpus/judgements, catalog or outputs
	rm -rf corpus/documents corpus/annotations corpus/codings corpus/mentions corpus/build demo
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
