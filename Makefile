# amiable: the commands of the project. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
# Debian's own Python where there is one: it is built with profile-guided optimisation, and one built from
# source with default options is a fifth slower (docs/decisions/0024).
PYTHON ?= $(shell for each in /usr/bin/python3 python3; do $$each -c 'import ensurepip, sys; \
	sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && exit; done; echo python3)
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS = never
export PYTHONDONTWRITEBYTECODE = 1
ARGS ?=

help: ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/run.stamp: requirements/run.txt requirements/tools.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet --require-hashes -r requirements/tools.txt
	@$(BIN)/uv pip install --python $(BIN)/python --quiet --require-hashes -r requirements/run.txt
	@$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	@$(BIN)/uv pip install --python $(BIN)/python --quiet --require-hashes -r requirements/dev.txt
	@touch $@

node_modules/.stamp: package.json package-lock.json
	@npm ci --silent --no-progress
	@touch $@

assets: .venv/run.stamp node_modules/.stamp ## Browser assets, fonts and translations into the package
	@$(BIN)/python scripts/assets.py

demo: assets ## A fictional portfolio, run up to today and served (ARGS="--no-serve --json")
	@$(BIN)/amiable demo $(ARGS)

test: .venv/dev.stamp assets ## Everything CI runs, on SQLite and then PostgreSQL
	@bash scripts/system-packages.sh
	@$(BIN)/python -m scripts.run_tests $(ARGS)

fast: .venv/dev.stamp ## The inner loop: core, plugins, apps on SQLite
	@$(BIN)/python -m pytest -n 2 -m "not slow" tests/core tests/plugins tests/apps tests/tidy $(ARGS)

lint: .venv/dev.stamp ## ruff, mypy, import contracts
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache

.venv/mutants.stamp: .venv/run.stamp requirements/mutants.txt
	@test -x .venv/mutants/bin/python || $(PYTHON) -m venv .venv/mutants
	@$(BIN)/uv pip install --python .venv/mutants/bin/python --quiet --require-hashes -r requirements/mutants.txt
	@touch $@

mutants: .venv/mutants.stamp ## Mutation testing of the planner and the guards (ARGS="core/stops.py"); minutes
	@$(BIN)/python -m scripts.mutants $(ARGS)

bench: .venv/compiled/.stamp ## Benchmarks, each as a ratio in one run; writes docs/benchmarks.md
	@bash scripts/system-packages.sh
	@$(BIN)/python -m bench $(ARGS)

wheel: .venv/dev.stamp assets ## The package as a wheel in dist/
	@$(BIN)/python -m build --wheel --no-isolation >/dev/null && ls dist/*.whl

ENGINE := $(wildcard src/amiable/core/*.py src/amiable/core/matching/*.py)
.venv/compiled/.stamp: .venv/dev.stamp scripts/compile_engine.py $(ENGINE) | assets
	@rm -rf .venv/compiled
	@AMIABLE_COMPILED=1 $(BIN)/python -m build --wheel --no-isolation --outdir .venv/compiled/dist >/dev/null
	@$(BIN)/uv pip install --quiet --no-deps --target .venv/compiled .venv/compiled/dist/*.whl
	@touch $@

compiled: .venv/compiled/.stamp ## The same wheel with the matching engine compiled for this machine: a third quicker
	@mkdir -p dist && cp .venv/compiled/dist/*.whl dist/ && ls dist/*.whl

reference: .venv/dev.stamp ## docs/reference from the code
	@$(BIN)/python -m scripts.reference

lock: ## Renew the hashed locks, without index addresses
	@$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 pyproject.toml -o requirements/run.txt
	@$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 pyproject.toml --group dev -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 requirements/mutants.in -c requirements/dev.txt -o requirements/mutants.txt
	@npm install --package-lock-only --silent

.PHONY: help assets demo test fast lint mutants bench wheel compiled reference lock
