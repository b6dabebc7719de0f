# Slipway. `make` lists the targets. `make run PORT=8001` passes a setting; README has all of them.
PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
# tests/conftest.py says which tests stay together and which begin first. Integration tests wait a lot: a worker more.
SIDE_BY_SIDE := --dist loadgroup --no-loadscope-reorder -n
CPUS := $(shell getconf _NPROCESSORS_ONLN)
MANAGE := $(BIN)/python manage.py
# Tests and benchmarks start hundreds of Python processes; without bytecode on disk each would compile everything anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help python setup run test test-postgres test-properties test-systems bench check check-terraform format lock

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

python:
	@$(PYTHON) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Slipway needs Python 3.11 or later with venv (Debian: python3-venv), and '$(PYTHON)' is not that." >&2; \
	  echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }

setup: python ## virtual environment, dependencies, front-end files, Terraform
	@$(PYTHON) -m scripts.setup

# The launcher takes the shell's place, so that its parent is make, whose end it then notices.
run: setup ## Slipway with everything it needs, until Ctrl-C
	@exec $(BIN)/python -m launcher --parent $$PPID

test: setup ## unit tests, then integration tests and the story in a browser
	$(PYTEST) $(SIDE_BY_SIDE) $(CPUS) --no-migrations tests/unit
	$(PYTEST) $(SIDE_BY_SIDE) $$(($(CPUS) + 1)) tests/integration tests/story -m "not systems"

test-postgres: setup ## the same on a PostgreSQL server of its own
	$(BIN)/python -m scripts.with_postgres $(MAKE) test

test-properties: setup ## the property tests, with fifty times as many examples (long)
	$(PYTEST) tests/unit -m hypothesis --hypothesis-profile=thorough

test-systems: setup ## the reference systems, provisioned and destroyed whole (long)
	$(PYTEST) $(SIDE_BY_SIDE) $$(($(CPUS) + 1)) tests -m systems

bench: setup ## measurements, as a table and as JSON
	$(BIN)/python -m benchmarks

check: setup ## linters, types, import contracts, migrations, Terraform's format and rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MANAGE) makemigrations --check --dry-run
	"$$($(BIN)/python -m launcher.resolve --terraform)" fmt -check -recursive infrastructure/terraform
	$(BIN)/python -m scripts.check_terraform

check-terraform: setup ## checkov over the Terraform (a part of check)
	$(BIN)/python -m scripts.check_terraform

format: setup ## put code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	"$$($(BIN)/python -m launcher.resolve --terraform)" fmt -recursive infrastructure/terraform

# No index address and no path of this machine may get into a lock file.
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host
lock: setup ## pin the dependencies anew
	$(COMPILE) --upgrade --output-file=requirements/dev.txt requirements/dev.in
	$(COMPILE) --constraint=requirements/dev.txt --output-file=requirements/base.txt requirements/base.in
	$(COMPILE) --upgrade --output-file=requirements/clients.txt requirements/clients.in
	$(COMPILE) --upgrade --output-file=requirements/checkov.txt requirements/checkov.in
	$(BIN)/python -m scripts.npm install --package-lock-only
