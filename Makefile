# Verbs of the project: `make help` lists them. Whatever they need is installed by tools/prepare.py from the locks, once.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

BIN := .venv/bin

# The first Python from 3.11 on, which is needed to make the virtual environment; `make PYTHON=… serve` names another.
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
endif
ifeq ($(strip $(PYTHON)),)
$(error No Python 3.11 or newer was found; install one, or name it: make PYTHON=/path/to/python3 serve)
endif

PREPARE := @$(PYTHON) tools/prepare.py

.PHONY: help serve test bench conformance lint types format wheel screenshots lock assets clean ready ready-test

help: ## List the verbs
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r verb what; do printf '%-12s %s\n' "$$verb" "$$what"; done

ready:
	$(PREPARE) runtime assets package

ready-test:
	$(PREPARE) runtime test assets package system

serve: ready ## Install what is missing, load the four zones, and serve them on http://127.0.0.1:8000
	@exec $(BIN)/kg serve

test: ready-test ## Lint, types, format of the graph, and every test; the order is that of the cost
	@failed=; \
	$(MAKE) --no-print-directory _lint || failed="$$failed lint"; \
	$(MAKE) --no-print-directory _types || failed="$$failed types"; \
	$(BIN)/kg format --check graph/ || failed="$$failed format"; \
	if [ -n "$$failed" ]; then echo "· these failed before the tests:$$failed"; fi; \
	PYTHONWARNDEFAULTENCODING=1 $(BIN)/python -m pytest --doctest-modules src tests && [ -z "$$failed" ]

lint: ready-test _lint ## Style, formatting, and who may import whom

types: ready-test _types ## Types of the whole package

format: ready-test ## Format the code, and the graph's files
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format . && $(BIN)/kg format graph/

wheel: ready-test ## Build dist/*.whl straight from the tree, assets first
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .

bench: ready-test ## Compare the engine, the service, the search and the drawings with their peers; memory of the service
	$(PREPARE) bench
	@failed=; for each in run search drawing; do $(BIN)/python tests/bench/$$each.py || failed=1; echo; done; [ -z "$$failed" ]

W3C ?= ../shared/w3c

conformance: ready-test ## Run the W3C's test cases (in W3C=DIR) against the service, and write docs/conformance.json
	$(PREPARE) bench
	@$(BIN)/python tests/conformance/run.py $(W3C)

screenshots: ready-test ## Take the pictures of the pages anew
	@$(BIN)/python tools/screenshots.py

assets: ## Build web/dist from the npm lock
	$(PREPARE) assets

lock: ## Make the locks anew with the newest versions that pyproject.toml allows
	$(PREPARE) lock

clean: ## Remove what was installed and built; the data in var/ stay
	rm -rf .venv .venv-* .stamps build dist web/dist web/dist-next web/node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: _lint _types
_lint:
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet . && $(BIN)/lint-imports --no-logo

_types:
	@$(BIN)/mypy
