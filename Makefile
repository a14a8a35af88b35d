# The commands of the workbook. A bare `make` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV := $(VENV)/.dev
ENGINES := $(VENV)/.engines

# --- what `make quarterly-report` may be told ------------------------------------------------
KNOWN := QUARTER PRODUCTS LANGUAGE AUDIENCE NOTEBOOKS SAVED JOBS DATA FORCE EXPLAIN RETRY_FAILED KERNEL TIMEOUT REPORTS EXECUTOR \
	SHARED PDF OUTPUT SEND AGAIN PORT VENV PYTHON
unknown := $(strip $(foreach v,$(filter-out $(KNOWN) -*-command-variables-*- MAKEFLAGS MAKEOVERRIDES,$(.VARIABLES)),$(if $(findstring command line,$(origin $v)),$v)))
ifneq ($(unknown),)
$(error there is no variable $(unknown); there are $(KNOWN))
endif
# LANGUAGE is also a variable of the desktop (as in en_US:en): reports are in it only where make is told so; messages are
# in it in any case
REPORTS_IN := $(if $(filter command line,$(origin LANGUAGE)),$(LANGUAGE))
DATA ?= $(if $(wildcard data/sources.yml),data/sources.yml,data/sample/sources.yml)
quoted = '$(subst ','\'',$(1))'
option = $(if $(2),$(1)=$(call quoted,$(2)))
REPORT := $(call option,--data,$(DATA)) $(call option,--quarter,$(QUARTER)) $(call option,--product,$(PRODUCTS)) \
	$(call option,--language,$(REPORTS_IN)) $(call option,--audience,$(AUDIENCE)) $(call option,--notebook,$(NOTEBOOKS)) $(call option,--saved,$(SAVED)) $(call option,--jobs,$(JOBS)) \
	$(call option,--kernel,$(KERNEL)) $(call option,--timeout,$(TIMEOUT)) $(call option,--reports,$(REPORTS)) \
	$(call option,--executor,$(EXECUTOR)) $(call option,--shared,$(SHARED)) \
	$(if $(filter-out 0,$(FORCE)),--force) $(if $(filter-out 0,$(EXPLAIN)),--explain) \
	$(if $(filter-out 0,$(RETRY_FAILED)),--retry-failed) $(if $(filter-out 0,$(PDF)),--pdf)
# what is made of a published quarter
PUBLISHED := $(call option,--quarter,$(QUARTER)) $(call option,--audience,$(AUDIENCE)) \
	$(call option,--language,$(REPORTS_IN)) $(call option,--reports,$(REPORTS))
SAMPLE := $(if $(filter data/sample/sources.yml,$(DATA)),data/sample/sources.yml)

.PHONY: help quarterly-report bundle digest slides test check engines lab dashboard snapshot sample dictionary benchmark lock clean

help: ## list the commands
	@echo 'make quarterly-report [QUARTER=2026Q3] [PRODUCTS=a,b] [LANGUAGE=ja] [AUDIENCE=team] [NOTEBOOKS=journey_funnels] [SAVED=name] [JOBS=2] [DATA=data/sources.yml] [FORCE=1] [EXPLAIN=1] [RETRY_FAILED=1] [KERNEL=cold] [TIMEOUT=600] [REPORTS=folder-or-url] [EXECUTOR=dask://host:port] [SHARED=folder-or-url] [PDF=1]'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-26s %s\n", $$1, $$2}'

quarterly-report: $(READY) $(SAMPLE) ## snapshot the data and publish the quarter's reports
	@$(BIN)/cs-workbook report $(REPORT)

bundle: $(READY) ## write one zip of a published quarter, to hand on
	@$(BIN)/cs-workbook bundle $(PUBLISHED) $(call option,--output,$(OUTPUT))

digest: $(READY) ## write the digest of a published quarter as a mail; with SEND=1 send it (data/mail.yml)
	@$(BIN)/cs-workbook digest $(PUBLISHED) $(call option,--output,$(OUTPUT)) $(if $(filter-out 0,$(SEND)),--send) $(if $(filter-out 0,$(AGAIN)),--again)

slides: $(READY) ## write the slides of a published quarter (.pptx)
	@$(BIN)/cs-workbook slides $(PUBLISHED) $(call option,--output,$(OUTPUT))

# neighbours stay in one process as long as there is enough for both: what they share is made once
# one thread of algebra each: two processes with two threads get in each other's way
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --dist worksteal

test: $(DEV) ## run the tests, but for the thorough ones
	@$(PYTEST) -m "not thorough"

check: $(DEV) ## lint, format, types, architecture, clean notebooks, all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb
	$(PYTEST)

engines: $(ENGINES) ## install what reads PostgreSQL and Spark, for tests and benchmarks

lab: $(READY) $(SAMPLE) ## open JupyterLab on the notebooks
	@test -f data/snapshots/LATEST || $(BIN)/cs-workbook snapshot --data=$(call quoted,$(DATA))
	@$(BIN)/cs-workbook lab

dashboard: $(READY) $(SAMPLE) ## serve the notebooks as dashboards, leadership's edition [PORT=8866 LANGUAGE=ja PRODUCTS=a QUARTER=2026Q3]
	@test -f data/snapshots/LATEST || $(BIN)/cs-workbook snapshot --data=$(call quoted,$(DATA))
	@$(BIN)/cs-workbook dashboard $(call option,--port,$(PORT)) $(call option,--product,$(PRODUCTS)) $(call option,--quarter,$(QUARTER)) \
		$(call option,--language,$(REPORTS_IN))

snapshot: $(READY) $(SAMPLE) ## check the data and freeze it
	@$(BIN)/cs-workbook snapshot --data=$(call quoted,$(DATA))

sample: data/sample/sources.yml ## write the sample data

data/sample/sources.yml: $(READY) $(wildcard cs_helpers/sample/*)
	@$(BIN)/cs-workbook sample

dictionary: $(READY) ## write data/README.md and docs/run-manifest.md from the code
	@$(BIN)/cs-workbook dictionary

benchmark: $(DEV) $(SAMPLE) ## time the report engine against what a user would type instead
	@$(BIN)/python benchmarks/report_engine.py

# with extras: pip before 23.3 does not hold `coverage[toml]` to a lock that only says `coverage`
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url \
	--no-header --no-annotate --quiet --upgrade

lock: ## resolve requirements.lock, -dev.lock and -engines.lock anew (needs uv)
	$(LOCK) --group pyproject.toml:install --extra pdf --extra slides --extra dashboard pyproject.toml -o requirements.lock
	$(LOCK) --group pyproject.toml:dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group pyproject.toml:engines -c requirements.lock -c requirements-dev.lock -o requirements-engines.lock

clean: ## remove what the commands made, except your data and reports
	rm -rf $(VENV) $(VENV).log data/sample data/snapshots .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage

# The environment, and what the tests and the engines need on top of it: locked and hashed, see install.py.
$(READY): requirements.lock pyproject.toml
	@echo "making $(VENV) and installing the locked packages (once; 300 MB, one to three minutes)"
	@$(PYTHON) install.py $(VENV)
	@touch $@

$(DEV): $(READY) requirements-dev.lock
	@echo "installing what the tests need (once, 45 MB)"
	@$(PYTHON) install.py $(VENV) requirements-dev.lock
	@touch $@

$(ENGINES): $(READY) requirements-engines.lock
	@echo "installing what reads PostgreSQL and Spark (once, some 450 MB)"
	@$(PYTHON) install.py $(VENV) requirements-engines.lock
	@touch $@
