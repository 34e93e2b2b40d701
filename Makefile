# Everything a developer runs. `make` alone lists it.
# Needs Python 3.11 or newer and make; each target installs what it lacks into $(VENV).

VENV ?= .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := $(VENV)/bin
SOURCES := aggregators compound eval experts routers scripts tests

.DEFAULT_GOAL := help
.PHONY: help install demo check fmt test test-full test-gpu profile-pocket bench-hosting clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: $(VENV)/.installed-test ## Make the virtual environment with everything for development

demo: $(VENV)/.installed-demo ## Start the miniature pool and answer questions with it
	$(BIN)/compound demo

check: $(VENV)/.installed-test ## Format, lint, types, import directions
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

fmt: $(VENV)/.installed-test ## Format, and repair what the linter can
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

test: check ## All checks, then all tests that need neither GPU nor network
	$(BIN)/python -m pytest

test-full: $(VENV)/.installed-full ## Slow checks: kills, the report in a browser (needs chromium), other projects' harnesses
	$(BIN)/python -m pytest -m full --timeout 900

test-gpu: $(VENV)/.installed-test ## Tests that need an NVIDIA GPU
	$(BIN)/python -m pytest -m gpu

profile-pocket: $(VENV)/.installed-demo ## Measure the miniature pool again and write its profiles
	$(BIN)/compound profile pocket --out build/pocket
	cp build/pocket/skill_profiles.json routers/pocket/skill_profiles.json

bench-hosting: $(VENV)/.installed-test ## Measure scheduling and hosting; JSON and pictures in build/bench-hosting
	$(BIN)/python -m eval.performance.hosting --out build/bench-hosting

clean: ## Remove the environment and everything that tools leave behind
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: installed again when what is to be installed has changed.

$(VENV)/.installed-demo: pyproject.toml scripts/install.py
	@$(check_python)
	$(PYTHON) scripts/install.py --venv $(VENV) cpu
	@touch $@

$(VENV)/.installed-test: pyproject.toml scripts/install.py
	@$(check_python)
	$(PYTHON) scripts/install.py --venv $(VENV) cpu test dev
	@touch $@ $(VENV)/.installed-demo

$(VENV)/.installed-full: $(VENV)/.installed-test
	$(PYTHON) scripts/install.py --venv $(VENV) cpu test dev browser interchange
	@touch $@

check_python = test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and no python3 was found. Try: make PYTHON=/path/to/python3.11"; exit 1; }
