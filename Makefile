# Two commands do everything on a machine that has Python 3.11: `make demo` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(VENV)/.locked
LOCKED_DEV := $(VENV)/.locked-dev

.DEFAULT_GOAL := help
.PHONY: help demo test test-full check docs lock clean setup setup-dev

help: ## show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not there; install Python 3.11 or run 'make PYTHON=/path/to/python3'"; exit 2; }
	$(PYTHON) -m venv $(VENV)

# A lock that changed is installed again; otherwise a second run starts at once.
$(LOCKED): requirements.lock pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(LOCKED_DEV): requirements-dev.lock $(LOCKED)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(LOCKED) ## install what groundplan needs to run, from the lock
setup-dev: $(LOCKED_DEV) ## install what its tests and documentation need too

demo: $(LOCKED) ## set up and run both examples; prints where the reports are
	@$(BIN)/groundplan demo

test: $(LOCKED_DEV) ## set up, lint, check types and layers, run all tests that fit in a quarter of an hour
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/pytest -n auto

test-full: $(LOCKED_DEV) ## the long simulations and fault tests as well
	$(BIN)/pytest -n auto -m "full or not full" --hypothesis-profile=default

docs: $(LOCKED_DEV) ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lock: $(BIN)/pip ## choose versions anew
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml build.in -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --all-extras -c requirements.lock pyproject.toml build.in -o requirements-dev.lock

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis site build dist
