# What a developer and CI do, by one name each. Every target sets up what it needs itself.
# `make help` lists the targets; docs/getting-started.md tells the story.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
# The distribution's own Python is built with profile-guided optimisation. What a version manager compiles mostly
# is not, and takes up to half as long again.
ifndef PYTHON
PYTHON := $(shell /usr/bin/python3 -c '$(FITS)' 2>/dev/null && echo /usr/bin/python3 || echo python3)
endif
DEV := $(PYTHON) -m arkalia_dev
STEP := @dev/step
INSTALLED := .venv/installed
MEMBERS := operator/pyproject.toml cli/pyproject.toml $(wildcard workloads/*/pyproject.toml)
# What fails is tried once more and shown as `rerun`: docs/testing.md says why.
WORKERS := -m "not soak" -n 4 --dist loadfile --no-loadscope-reorder --reruns 1
QUICK := $(WORKERS) --timeout 240
# Programs in Go collect garbage less often: of the stories' processor time they take half.
SELDOM := GOGC=400
# Packages with a minimum coverage are tested by these. Python runs the lines that it counts at a
# fraction of its speed, so that all other tests are run without.
MEASURED := $(addprefix tests/unit/, arkalia_operator/desired arkalia_operator/planning arkalia_contract arkalia_runtime)
# They hardly wait, and each worker more would import all of it once more.
COVERAGE := -n 3 --cov --cov-report= --cov-report=xml:build/coverage.xml
PURE := operator/arkalia_operator/desired/*,operator/arkalia_operator/planning/*
SHARED := workloads/contract/*,workloads/runtime/*
# What reads the code and starts nothing: the longest first, two at a time.
STATIC := $(addprefix check-, types layers yaml generated templates charts lint format shell workflows pinning lock)
AT_ONCE := --jobs 2
SHELL_FILES = $(shell git grep -lI '^\#!/.*bash' -- . ':!*.md')

# The project's own Python and tools come first, whatever else the machine has.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/build/tools:$(PATH)
export PYTHONPATH := $(CURDIR)/dev
# What is compiled once is read by every worker of the tests and by every process that they start.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help up down check check-tests test generate format docs images bench soak audit clean tools python $(STATIC)

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

up: python ## Start the development cluster, with the operator and a first system on it.
	@$(DEV) up

down: ## Stop the development cluster and leave nothing of it behind.
	@$(DEV) down

check: $(INSTALLED) tools ## Check all that needs no cluster: style, types, layers, tests, chart.
	@$(MAKE) $(AT_ONCE) $(STATIC)
	@$(MAKE) check-tests

check-tests: $(INSTALLED) tools
	$(STEP) --show tests "Run the failing test alone: .venv/bin/pytest PATH -k NAME." pytest $(QUICK) $(addprefix --ignore=, $(MEASURED)) $(wildcard tests/contract tests/unit tests/golden)
	$(STEP) --show measured "Run the failing test alone: .venv/bin/pytest PATH -k NAME." pytest $(QUICK) $(COVERAGE) $(wildcard $(MEASURED))
	$(STEP) coverage "Test the lines listed above." coverage report --include='$(PURE)' --fail-under=100
	$(STEP) coverage "Test the lines listed above." coverage report --include='$(SHARED)' --fail-under=95

# Images are made by one process after another, and so is what reads the code: they go on side by side.
test: $(INSTALLED) tools ## Check, then run the stories of tests/cluster on a real cluster: what CI runs.
	@$(MAKE) $(AT_ONCE) images $(STATIC)
	@$(MAKE) check-tests
	@$(SELDOM) dev/with-cluster pytest $(WORKERS) tests/cluster tests/faults

$(STATIC): | $(INSTALLED) tools
check-format:
	$(STEP) format "Run 'make format'." ruff format --check
check-lint:
	$(STEP) lint "Run 'make format', then mend what is left." ruff check
check-types:
	$(STEP) types "Mend the types named above." mypy
check-layers:
	$(STEP) layers "The contract's name says the rule; pyproject.toml has it." lint-imports --no-logo
check-shell:
	$(STEP) shell "Mend the scripts named above." shellcheck $(SHELL_FILES)
check-yaml:
	$(STEP) yaml "Mend the files named above." yamllint --strict .
check-workflows:
	$(STEP) workflows "Mend the workflow." actionlint
check-pinning:
	$(STEP) pinning "Mend the workflow." zizmor --offline --quiet .github
check-lock:
	$(STEP) lock "Run 'uv lock' and commit uv.lock." "$$($(DEV) bootstrap)" lock --check
check-generated:
	$(STEP) generated "Run 'make generate' and commit what it writes." dev/generate --check
check-charts:
	$(STEP) charts "Mend the chart named above." helm lint --strict --quiet charts/arkalia charts/arkalia-crds
check-templates:
	$(STEP) templates "Mend the chart named above." helm-unittest --strict charts/arkalia charts/arkalia-crds

generate: $(INSTALLED) tools ## Write every generated file: CRDs, catalogue, chart, reference.
	@dev/generate

format: $(INSTALLED) ## Format the Python code and apply the linter's safe corrections.
	@ruff format
	@ruff check --fix

docs: $(INSTALLED) ## Build the documentation as a site: build/site.
	@NO_MKDOCS_2_WARNING=1 mkdocs build --quiet

images: python ## Build the images of the operator and of every service.
	@$(DEV) images

bench: $(INSTALLED) ## Measure what docs/benchmarks.md gives figures of.
	@pytest -m "not soak" tests/bench

soak: $(INSTALLED) ## Run the suites that take long, on the development cluster.
	@ARKALIA_BUSY=$${ARKALIA_BUSY:-3} dev/with-cluster pytest -m soak -s --timeout 0 tests/cluster tests/faults tests/unit tests/bench

audit: $(INSTALLED) ## Scan the code (bandit) and the dependencies (pip-audit) for weaknesses.
	@mkdir -p build/audit
	@bandit --quiet --configfile pyproject.toml --severity-level medium --recursive operator cli workloads dev | tee build/audit/bandit.txt
	@"$$($(DEV) bootstrap)" export --quiet --frozen --no-emit-workspace --output-file build/audit/requirements.txt
	@pip-audit --strict --disable-pip --require-hashes --requirement build/audit/requirements.txt | tee build/audit/pip-audit.txt

clean: ## Remove what the targets wrote into the checkout; the cluster stays.
	@rm -rf .venv build .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

python:
	@$(PYTHON) -c '$(FITS)' \
	|| { echo "Python 3.11, 3.12 or 3.13 is needed; this is $$($(PYTHON) --version). Name another: make PYTHON=/path/to/python3.12"; exit 1; }

tools: python
	@mkdir -p build
	@ln -sfn "$$($(DEV) tools --for check)" build/tools

$(INSTALLED): uv.lock pyproject.toml $(MEMBERS) | python
	$(STEP) packages "Read what uv says." "$$($(DEV) bootstrap)" sync --frozen --python "$(PYTHON)"
	@touch $@
