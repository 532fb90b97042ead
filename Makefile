# `make run` and `make test` do all set-up themselves; `make help` lists the rest.

PYTHON_IN_VENV := .venv/bin/python
# Windows are drawn in memory; the end-to-end tests start an X server of their own. Python keeps what it has compiled,
# which each test process and each program that a test starts would otherwise compile again.
OF_TESTS := QT_QPA_PLATFORM=offscreen PYTHONDONTWRITEBYTECODE=
# More arguments for pytest: make test ARGS='tests/domain -k outcome'
ARGS ?=
# Test processes side by side: more than cores, because many tests wait for programs most of their time.
JOBS ?= $(shell echo $$(($$(nproc) + 2)))

.DEFAULT_GOAL := help
.PHONY: help modules setup setup-run run test quick check format faults bench mutants coverage lock docs pictures wheel deb tarball packages release clean
.NOTPARALLEL:

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s%s\n", $$1, $$2 }' Makefile

setup-run:
	@packaging/bootstrap.sh run

setup: ## install what running and testing need: Debian packages, .venv
	@packaging/bootstrap.sh test

run: setup-run ## open the window; without a display, show the demo
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; \
	then exec $(PYTHON_IN_VENV) -m borgdesk; \
	else exec $(PYTHON_IN_VENV) -m borgdesk demo; fi

check: setup ## formatting, lint, types, import contracts and catalogues, without running tests
	@$(PYTHON_IN_VENV) -m ruff format --check .
	@$(PYTHON_IN_VENV) -m ruff check .
	@$(PYTHON_IN_VENV) -m mypy
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON_IN_VENV) packaging/messages.py --check
	@$(PYTHON_IN_VENV) packaging/module_index.py --check

test: check ## the whole gate, then the tests; ARGS='...' goes to pytest
	@$(OF_TESTS) $(PYTHON_IN_VENV) -m pytest -n $(JOBS) --dist loadgroup $(ARGS)

quick: ## one test in seconds, without the gate: ARGS='tests/domain -k outcome'
	@$(OF_TESTS) $(PYTHON_IN_VENV) -m pytest -q -n 0 $(ARGS)

faults: setup ## the whole fault campaign
	@$(OF_TESTS) $(PYTHON_IN_VENV) -m pytest tests/faults tests/e2e/test_ending.py tests/cli/test_nonsense.py -m '' -n $(JOBS) --dist loadgroup --timeout 1800 $(ARGS)

packages: setup ## build the Debian package and try it in bare Debian 12, 13 and Ubuntu 24.04; needs root and debootstrap
	@$(OF_TESTS) $(PYTHON_IN_VENV) -m pytest tests/packaging -m packages -n 0 $(ARGS)

bench: setup ## the benchmarks, one after the other
	@$(OF_TESTS) $(PYTHON_IN_VENV) -m pytest tests/benchmarks -m '' -n 0 -s --timeout 1800 $(ARGS)

mutants: setup ## do the tests notice changes? ARGS='borgdesk/domain --most 50'
	@$(PYTHON_IN_VENV) -m tests.mutants $(ARGS)

coverage: setup ## branch coverage of all tests, as a table; ARGS='...' goes to pytest
	@$(OF_TESTS) $(PYTHON_IN_VENV) -m pytest -n $(JOBS) --dist loadgroup --cov --cov-report term-missing:skip-covered $(ARGS)

format: setup ## format the code and repair what ruff can
	@$(PYTHON_IN_VENV) -m ruff check --quiet --fix-only .
	@$(PYTHON_IN_VENV) -m ruff format .

modules: setup ## write docs/modules.md, the list of all modules
	@$(PYTHON_IN_VENV) packaging/module_index.py

messages: setup ## collect the sentences of the code for translators, and compile the catalogues
	@$(PYTHON_IN_VENV) packaging/messages.py

lock: ## pin the newest versions of all requirements
	@packaging/lock.sh

docs: setup ## build the documentation as web pages, which F1 opens: docs/html/index.html
	@$(PYTHON_IN_VENV) packaging/web_pages.py docs/html

pictures: setup ## take the pictures of the documentation anew: docs/pictures
	@$(PYTHON_IN_VENV) -m tests.e2e.pictures

wheel: docs ## build dist/borgdesk-VERSION-py3-none-any.whl, and the archive of the sources
	@$(PYTHON_IN_VENV) -m hatchling build -t wheel -t sdist

deb: setup ## build dist/borgdesk_VERSION_amd64.deb for Debian 12, 13 and Ubuntu 24.04
	@$(PYTHON_IN_VENV) packaging/deb.py dist

tarball: setup ## build dist/borgdesk-VERSION-linux-x86_64.tar.xz, which runs from any folder
	@$(PYTHON_IN_VENV) packaging/tarball.py dist

release: setup ## check, date the changelog, test, commit, tag and build: make release VERSION=1.2.3
	@$(PYTHON_IN_VENV) packaging/release.py "$(VERSION)"

clean: ## remove all that is not in git, .venv included
	@rm -rf .venv build dist docs/html .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
