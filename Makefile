# `make` or `make help` lists what can be done. Each target sets up the virtual environment first when it has to.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# An index that serves CPU wheels of torch, for example https://download.pytorch.org/whl/cpu. Without it pip takes a
# CPU wheel if one is offered, else the default build, which on Linux brings CUDA packages of several GB.
TORCH_INDEX ?=
TORCH := torch==2.13.0

# Arguments of `make nightly`, all optional.
AS_OF ?=
SOURCE ?=
SYMBOL ?=
ARGS ?=

WORKERS ?= 2

# Of `make commits`: the commit before the first that is looked at.
BASE ?= origin/main

# Of `make mutation`: how many mutants, 0 is all of them; ROOM=gates tries those of one room; FRESH=1 forgets what earlier
# runs found.
SAMPLE ?= 0
ROOM ?=
FRESH ?=

# Of `make golden`: why behaviour changed; without it nothing is accepted. ONLY names some targets or groups of them.
REASON ?=
ONLY ?=
export REASON

# Of `make release`: the version to be; DRY_RUN=1 checks and changes nothing.
VERSION ?=
DRY_RUN ?=

.PHONY: help setup nightly ui live test lint typecheck format commits coverage mutation bench campaign campaign-promotion campaign-training golden docs release clean

help: ## List the targets
	@echo "Sevengates. Targets:"
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "Variables: AS_OF=2024-03-05 SOURCE=csv:bars.csv SYMBOL=BTCUSDT (nightly), ARGS='...' (nightly, live),"
	@echo "           PYTHON=python3.11 VENV=.venv TORCH_INDEX=URL (setup), WORKERS=2 (test, coverage),"
	@echo "           BASE=origin/main (commits), REASON='...' ONLY='...' (golden), SAMPLE=60 ROOM=gates (mutation),"
	@echo "           VERSION=x.y.z DRY_RUN=1 (release)"

setup: $(READY) ## Make the virtual environment and install everything; repeated only when the versions change

$(READY): pyproject.toml constraints.txt
	@python="$(PYTHON)"; \
	for name in $${python:-python3.11 python3.12 python3.13 python3 python}; do \
	    if command -v "$$name" >/dev/null && "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	    then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed and was not found. Install it, or name it: make setup PYTHON=..." >&2; exit 1; fi; \
	if [ ! -x $(BIN)/python ]; then \
	    echo "==> Making $(VENV) with $$($$python --version)"; \
	    $$python -m venv $(VENV) || { echo "venv failed: on Debian and Ubuntu install the package python3-venv." >&2; rm -rf $(VENV); exit 1; }; \
	fi
	@echo "==> Installing $(TORCH) (1 of 2)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) \
	    "$(TORCH)" -c constraints.txt
	@echo "==> Installing Sevengates and the versions of constraints.txt (2 of 2); this takes some minutes the first time"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@touch $(READY)
	@echo "==> Ready: $(BIN)/sevengates --help"

nightly: $(READY) ## Run one night, on the embedded market or on SOURCE= SYMBOL=, as of AS_OF=
	@echo "==> Running a night$(if $(SOURCE), on $(SOURCE))$(if $(AS_OF), as of $(AS_OF))"
	@$(BIN)/sevengates nightly $(if $(AS_OF),--as-of '$(AS_OF)') $(if $(SOURCE),--source '$(SOURCE)') \
	    $(if $(SYMBOL),--symbol '$(SYMBOL)') $(ARGS)

ui: $(READY) ## Open the Prefect and MLflow pages over the same state; Ctrl-C stops both
	@$(BIN)/sevengates ui

live: $(READY) ## Trade the promoted model on the paper venue
	@$(BIN)/sevengates live $(ARGS)

test: lint ## Lint, then run every test except the campaigns, on WORKERS processes
	@echo "==> Tests on $(WORKERS) processes$(if $(SEVENGATES_MARKET_DATA),, (real market data: set SEVENGATES_MARKET_DATA))"
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile

lint: $(READY) ## Check style, who imports whom, and types
	@echo "==> ruff, import-linter"
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check . || { echo "Run: make format" >&2; exit 1; }
	@$(BIN)/lint-imports --no-logo
	@$(MAKE) typecheck

typecheck: $(READY) ## Check types alone
	@echo "==> pyright"
	@$(BIN)/pyright --pythonpath $(BIN)/python

format: $(READY) ## Rewrite the code in the project's format and sort its imports
	@$(BIN)/ruff check -q --fix . && $(BIN)/ruff format -q .

commits: $(READY) ## Check the messages of the commits since BASE
	@$(BIN)/python -m tools.commits since '$(BASE)'

coverage: $(READY) ## Run the tests of `make test` and measure what they reach; htmlcov/ shows it line by line
	@echo "==> Tests with coverage on $(WORKERS) processes"
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --cov --cov-report=term --cov-report=html

mutation: $(READY) ## Change one line of what decides at a time: does a test notice? SAMPLE=60 tries so many
	@echo "==> Mutation of $(if $(ROOM),trading.$(ROOM),steps, metrics, statistics and gates)$(if $(filter-out 0,$(SAMPLE)),: a sample of $(SAMPLE))"
	@$(BIN)/python -m tools.mutation --sample '$(SAMPLE)' $(if $(ROOM),--room 'trading.$(ROOM)' )$(if $(FRESH),--fresh)

bench: $(READY) ## Measure speed as ratios against peers in one run
	@echo "==> Benchmarks; keep the machine otherwise idle"
	@$(BIN)/python -m pytest -q -s bench --benchmark-enable

campaign: $(READY) ## Run the long tests: many nights, kills, real data
	@echo "==> Campaigns; these take from minutes to hours"
	@$(BIN)/python -m pytest -q -m campaign tests/campaigns -s

campaign-promotion: $(READY) ## Nights that must not be approved and nights that must, and docs/promotion.md; goes on where it stopped
	@$(BIN)/python -m tools.promotion $(ARGUMENTS)

campaign-training: $(READY) ## What the trained policy and each choice of training are worth on fresh markets, and docs/training.md; goes on where it stopped
	@$(BIN)/python -m tools.ablation $(ARGUMENTS)

golden: $(READY) ## Compare golden nights and scenarios with what was accepted; REASON= accepts what differs
	@$(BIN)/python -m tools.golden --reason "$$REASON" $(ONLY)

docs: $(READY) ## Write everything that is generated from the code, and build the site in site/
	@$(BIN)/sevengates config docs docs
	@$(BIN)/python -m trading.registry.assets
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build && echo "==> Open site/index.html"

release: $(READY) ## Cut VERSION: changelog, version, commit, wheel, a night from the wheel, tag; pushes nothing
	@test -n '$(VERSION)' || { echo "Name the version: make release VERSION=x.y.z" >&2; exit 2; }
	@$(BIN)/python -m tools.release '$(VERSION)' $(if $(DRY_RUN),--dry-run) $(if $(TORCH_INDEX),--torch-index '$(TORCH_INDEX)')

clean: ## Remove caches and build outputs; var/ and the virtual environment stay
	@rm -rf build dist site htmlcov .coverage .coverage.* .pytest_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache mutants
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
