# `make rehearse` and `make test` are all a newcomer needs: each sets up what it lacks, in .venv.
# Needs Python 3.11 or newer; another than the first one found: make PYTHON=/path/to/python3.12 rehearse

PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
ARGS ?=

# A stamp names what was installed, so a changed lock or pyproject.toml is installed anew and nothing else is.
RUN_STAMP := .venv/.run-$(shell cat requirements.lock pyproject.toml | cksum | cut -d' ' -f1)
DEV_STAMP := .venv/.dev-$(shell cat requirements.lock requirements-dev.lock pyproject.toml | cksum | cut -d' ' -f1)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_ROOT_USER_ACTION := ignore
export PYTHONPATH :=
# Without byte code every worker compiles all tests anew, and Azure's clients and Textual start four times slower.
export PYTHONDONTWRITEBYTECODE :=
PIP := $(BIN)/python -m pip install -qq
COMPILE := $(BIN)/python -m compileall -q tui actions azsim
# A console test waits for a third of its time, so that three workers keep two processors at work.
WORKERS := $(shell echo $$((($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2)))
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist worksteal

.PHONY: rehearse
rehearse: $(RUN_STAMP) ## open the console on the rehearsal cloud; without a terminal, run a drill and print its report
	@$(COMPILE)
	@if [ -t 0 ] && [ -t 1 ]; then exec $(BIN)/amlkeys --rehearse; \
	else exec $(BIN)/amlkeys rehearsal drill storage-keys; fi

.PHONY: test
test: $(DEV_STAMP) ## the whole suite in parallel; ARGS="tests/azsim -x" narrows it
	@$(COMPILE)
	@$(PYTEST) $(ARGS)

.PHONY: unit
unit: $(DEV_STAMP) ## arithmetic and behaviour: the suite without pictures, terminals and the long matrices
	@$(COMPILE)
	@$(PYTEST) -m "not picture and not terminal and not matrix" $(ARGS)

.PHONY: looks
looks: $(DEV_STAMP) ## only what a person sees: every screen beside its picture, and the programs in real terminals
	@$(COMPILE)
	@$(PYTEST) -m "picture or terminal" $(ARGS)

.PHONY: matrix
matrix: $(DEV_STAMP) ## only the long matrices: a kill and a fault at every request and journal write (WHOLE=1: all faults everywhere)
	@$(COMPILE)
	@AMLKEYS_MATRIX_WHOLE=$(WHOLE) $(PYTEST) -m matrix $(ARGS)

.PHONY: check
check: $(DEV_STAMP) ## format, lint, types and import rules
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

.PHONY: format
format: $(DEV_STAMP) ## write the format, and mend what ruff can mend
	@$(BIN)/ruff check --fix --exit-zero --quiet .
	@$(BIN)/ruff format .

.PHONY: pictures
pictures: $(DEV_STAMP) ## write the pictures in snapshots/ anew, to be looked at before they are committed
	@$(BIN)/pytest tests/tui --snapshot-update $(ARGS)

# Microsoft's own clients run unchanged against the rehearsal cloud; they are large, so each has a folder of its own.
WITNESS := build/witness
.PHONY: witness
witness: $(DEV_STAMP) ## install the real az and azure-ai-ml apart, and run them against the served rehearsal cloud
	@test -x $(WITNESS)/az/bin/az || { $(PYTHON) -m venv $(WITNESS)/az && $(WITNESS)/az/bin/python -m pip install -qq azure-cli; }
	@test -d $(WITNESS)/ml || { $(PYTHON) -m venv $(WITNESS)/ml && \
		$(WITNESS)/ml/bin/python -m pip install -qq azure-ai-ml azure-identity; }
	@AMLKEYS_AZ=$(CURDIR)/$(WITNESS)/az/bin/az AMLKEYS_ML_PYTHON=$(CURDIR)/$(WITNESS)/ml/bin/python \
		$(BIN)/pytest tests/witness $(ARGS)

# The wheel in an environment of its own, tested from a folder that holds no source.
WHEEL := $(CURDIR)/build/wheel
WHEEL_TESTS ?= tests/house/test_installed.py tests/azsim tests/actions
.PHONY: wheel-test
wheel-test: $(DEV_STAMP) ## build the wheel, install it apart, and run a part of the suite against it
	@rm -rf $(WHEEL) && mkdir -p $(WHEEL)/away
	@$(BIN)/python -m pip wheel -qq --no-deps --no-build-isolation --wheel-dir $(WHEEL) .
	@$(BIN)/python -m venv $(WHEEL)/env
	@$(WHEEL)/env/bin/python -m pip install -qq --require-hashes -r requirements.lock -r requirements-dev.lock
	@$(WHEEL)/env/bin/python -m pip install -qq --no-deps $(WHEEL)/amlkeys-*.whl
	@cp -R tests pyproject.toml $(WHEEL)/away
	@cd / && $(WHEEL)/env/bin/amlkeys --version
	@cd $(WHEEL)/away && $(WHEEL)/env/bin/python -m pytest -n auto -m "not matrix" $(WHEEL_TESTS)

# For the rows against Microsoft's clients: make witness, then make bench with AMLKEYS_AZ and AMLKEYS_ML_PYTHON set.
.PHONY: bench
bench: $(DEV_STAMP) ## measure against references; ARGS="first-frame --rounds 15" narrows it; writes build/bench/table.md
	@$(COMPILE)
	@$(BIN)/python -m bench $(ARGS)

.PHONY: lock
lock: ## resolve the newest versions and write both locks, with the hashes of every platform's files
	@rm -rf build/lock && $(PYTHON) -m venv build/lock
	@build/lock/bin/python -m pip install -qq pip-tools
	@$(call compile,requirements.lock,pyproject.toml --extra serve --build-deps-for editable)
	@$(call compile,requirements-dev.lock,requirements-dev.in)
compile = PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_EXTRA_INDEX_URL= build/lock/bin/pip-compile --upgrade \
	--quiet --no-header --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
	--no-emit-trusted-host --output-file $(1) $(2)

.PHONY: clean
clean: ## remove the environment and everything built
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1 - \2/p' Makefile

$(RUN_STAMP):
	@test -n "$(PYTHON)" || { echo "amlkeys needs Python 3.11 or newer with venv; set PYTHON=..." >&2; exit 1; }
	@echo "Setting up .venv ..." >&2
	@$(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@rm -f .venv/.run-* && touch $@

$(DEV_STAMP): $(RUN_STAMP)
	@echo "Adding the tools for building and testing ..." >&2
	@$(PIP) --require-hashes -r requirements.lock -r requirements-dev.lock
	@rm -f .venv/.dev-* && touch $@
