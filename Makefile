# make demo     the whole job with simulated instruments     ARGS="--seconds 90 --json"
# make test     set-up, lint, unit tests, system tests; what is skipped is listed with its reason
# make lint     ruff, mypy, import-linter
# make bench    every measurement of bench/, as ratios
# make soak     the long campaigns
# make wheel    dist/paikou-*.whl
# make clean    back to a fresh clone

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench soak wheel clean

# Children that compile the whole house again at each start would be most of what tests take.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
comma := ,

# Two sizes of environment in one place: what the demo needs, and that plus what developing needs.
DEMO := $(VENV)/demo.stamp
DEV := $(VENV)/dev.stamp

# $(call timed,NAME,COMMAND): run a section, say how long it took, keep its exit status.
timed = printf '\n== %s\n' '$(1)'; begun=$$SECONDS; status=0; $(2) || status=$$?; \
	printf -- '-- %s: %d s\n' '$(1)' $$((SECONDS - begun)); exit $$status
installed = $(call timed,set-up,$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$(1)]')

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(DEMO)
	@$(BIN)/paikou demo $(ARGS)

# Where tests put their stores: in memory where there is room, so that a disk that stalls fails none.
MEMORY := $(shell df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000 {print $$6}')
WORK := $(if $(MEMORY),TMPDIR=$(MEMORY))

# System tests mostly wait for others, so more of them run at once than there are cores.
test: lint
	@$(call timed,unit tests,$(WORK) $(BIN)/python -m pytest -n 2 --dist loadfile)
	@$(call timed,system tests,$(WORK) $(BIN)/python -m pytest -m 'system and not soak' -n 4 --dist loadfile)

lint: $(DEV)
	@$(call timed,ruff check,$(BIN)/ruff check .)
	@$(call timed,ruff format,$(BIN)/ruff format --check .)
	@$(call timed,mypy,$(BIN)/mypy)
	@$(call timed,import contracts,$(BIN)/lint-imports --no-logo)

bench: $(DEV)
	@status=0; for file in $$(grep -lE '^def main\(' bench/*.py); do \
		printf '\n== %s\n' "$$file"; $(BIN)/python "$$file" || status=1; done; exit $$status

soak: $(DEV)
	@$(call timed,soak,$(BIN)/python -m pytest -m soak)

wheel: $(DEV)
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(DEMO): pyproject.toml | $(BIN)/pip
	@$(call installed,demo)
	@touch $@

$(DEV): pyproject.toml | $(BIN)/pip
	@$(call installed,demo$(comma)dev$(comma)video)
	@touch $@ $(DEMO)

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed: make PYTHON=python3.11' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
