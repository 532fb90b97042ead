# `make run` and `make test` do all set-up themselves; `make help` lists the rest.

PYTHON_IN_VENV := .venv/bin/python
# Windows are drawn in memory; the end-to-end tests start an X server of their own.
OFFSCREEN := QT_QPA_PLATFORM=offscreen
# More arguments for pytest: make test ARGS='tests/domain -k outcome'
ARGS ?=
# Test processes side by side.
JOBS ?= auto

.DEFAULT_GOAL := help
.PHONY: help setup setup-run run test check format faults bench lock wheel clean
.NOTPARALLEL:

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s%s\n", $$1, $$2 }' Makefile

setup-run:
	@packaging/bootstrap.sh run

setup: ## install what running and testing need: Debian packages, .venv
	@packaging/bootstrap.sh test

run: setup-run ## open the window; without a display, show the demo
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; \
	then exec $(PYTHON_IN_VENV) -m borgdesk; \
	else exec $(PYTHON_IN_VENV) -m borgdesk demo; fi

check: setup ## formatting, lint, types and import contracts, without running tests
	@$(PYTHON_IN_VENV) -m ruff format --check .
	@$(PYTHON_IN_VENV) -m ruff check .
	@$(PYTHON_IN_VENV) -m mypy
	@.venv/bin/lint-imports --no-logo

test: check ## the whole gate, then the tests; ARGS='...' goes to pytest
	@$(OFFSCREEN) $(PYTHON_IN_VENV) -m pytest -n $(JOBS) --dist loadgroup $(ARGS)

faults: setup ## the whole fault campaign
	@$(OFFSCREEN) $(PYTHON_IN_VENV) -m pytest tests/faults -m '' -n $(JOBS) --dist loadgroup --timeout 1800 $(ARGS)

bench: setup ## the benchmarks, one after the other
	@$(OFFSCREEN) $(PYTHON_IN_VENV) -m pytest tests/benchmarks -m '' -n 0 -s --timeout 1800 $(ARGS)

format: setup ## format the code and repair what ruff can
	@$(PYTHON_IN_VENV) -m ruff check --quiet --fix-only .
	@$(PYTHON_IN_VENV) -m ruff format .

lock: ## pin the newest versions of all requirements
	@packaging/lock.sh

wheel: setup ## build dist/borgdesk-VERSION-py3-none-any.whl
	@$(PYTHON_IN_VENV) -m hatchling build -t wheel

clean: ## remove all that is not in git, .venv included
	@rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
