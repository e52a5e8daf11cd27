# Every target sets up what it needs, unless that is there already.
PYTHON ?= python3
export UV_PYTHON_DOWNLOADS := never
# One variable names the mirror of packages, for uv too: docs/air-gapped.md.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
export PYTHONPATH := $(CURDIR):$(CURDIR)/plugins:$(CURDIR)/scoring_image:$(CURDIR)/batch_emulator:$(CURDIR)/event_hubs_emulator
# Unbuffered: in a log, errors stand where they happened.
RUN := .venv/bin/python -u -m local_stack

.DEFAULT_GOAL := help
.PHONY: help setup run devices ui test test-ui test-soak test-nightly test-properties test-faults test-clients test-containers test-images test-chart test-backfill test-browser lint format docs up load train down models missing doctor images airflow scale bench bench-hop bench-executors bench-scoring bench-emulator bench-ingest bench-fleet bench-images bench-mounts bench-year bench-policies bench-month plan deploy destroy lock clean

FOR_USERS := devices up load train models missing doctor airflow down images plan deploy destroy docs clean
help: ## show this list
	@echo "make run                              score one hour of a simulated fleet"
	@echo "make run READINGS=file.csv HOUR=2018-08-29T02"
	@echo "                                      score an hour of a CSV with TS,Device,Tag,Value"
	@echo "make run DEVICES=20 TAGS=5            a fleet of this size"
	@echo "make run INGEST=1                     the same fleet over Event Hubs and Stream Analytics"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / && index(" $(FOR_USERS) ", " " $$1 " ") {printf "make %-32s %s\n", $$1, $$2}' \
		$(MAKEFILE_LIST)
	@echo; echo "To work on the code:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / && !index(" run $(FOR_USERS) ", " " $$1 " ") {printf "make %-32s %s\n", $$1, $$2}' \
		$(MAKEFILE_LIST)

setup: ## install everything that the other targets need
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing; Python 3.11 or newer is needed" >&2; exit 1; }
	@$(PYTHON) -m local_stack.bootstrap

# How the files of READINGS are written, as docs/readings.md describes it. Only what is typed behind make counts:
# terminals have a variable COLUMNS. The shell takes each text from the environment, with all its quotes.
typed = $(if $(filter command,$(firstword $(origin $(1)))),$(2) "$$$(1)")
FORM = $(call typed,COLUMNS,--columns) $(call typed,DELIMITER,--delimiter) $(call typed,DECIMAL,--decimal) \
	$(call typed,TIMEZONE,--timezone) $(call typed,AMBIGUOUS,--ambiguous) $(call typed,EPOCH,--epoch) \
	$(call typed,TIMESTAMP_FORMAT,--timestamp-format) $(if $(call typed,WIDE,x),--wide)

run: setup ## score one hour (READINGS=file.csv HOUR=2018-08-29T02)
	@$(RUN) run $(if $(INGEST),--ingest) $(call typed,DEVICES,--devices) $(call typed,TAGS,--tags) $(if $(READINGS),--readings "$(READINGS)") $(FORM) $(if $(HOUR),--hour "$(HOUR)")

# Without UNTIL the fleet goes on from now, in real time.
devices: setup ## send simulated readings to the event hub of EVENT_HUB_CONN_STR (DEVICES=3 TAGS=5 UNTIL=2026-01-01T00 SPEED=60)
	@.venv/bin/python -m ingest simulate --event-hub $(call typed,DEVICES,--devices) $(call typed,TAGS,--tags) \
		$(call typed,SEED,--seed) $(call typed,UNTIL,--until) $(call typed,HOURS,--hours) \
		$(if $(call typed,SPEED,x),$(call typed,SPEED,--speed),$(if $(call typed,UNTIL,x),,--speed 1)) \
		$(call typed,STATE,--state) $(call typed,LABELS,--labels)

# The fleet page: what it is built with stays out of make setup, for whoever only runs it has its bundle already.
UI_TOOLS := ui/node_modules/.installed
NPM := PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix ui --loglevel=error --update-notifier=false
$(UI_TOOLS): ui/package.json ui/package-lock.json | setup
	@$(NPM) ci --ignore-scripts --no-audit --no-fund >/dev/null
	@touch $@

ui: setup $(UI_TOOLS) ## build the fleet page into plugins/sensor_scoring/ui/static
	@$(NPM) run --silent build

test-ui: setup $(UI_TOOLS) ## run the fleet page's own tests, which make test runs too
	@$(NPM) run --silent test

# Files of tests side by side, each in one process from its first test to its last. Tests wait for other processes
# nearly as long as they compute: four of them keep two cores busy.
WORKERS ?= 4
test: setup $(UI_TOOLS) ## run all tests (TESTS="tests/ingest -x", WORKERS=2)
	@.venv/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

ROUNDS ?= 1
FAULTS_LOG := .local/test-faults.log
test-faults: setup ## kill every part during runs (ROUNDS=10)
	@mkdir -p .local
	@FAULT_ROUNDS=$(ROUNDS) .venv/bin/python -m pytest tests/faults -m faults $(TESTS) > $(FAULTS_LOG) 2>&1; \
		code=$$?; tail -n 20 $(FAULTS_LOG); echo "all of it: $(FAULTS_LOG)"; exit $$code

test-soak: setup ## score hours in a running Airflow while people and faults interfere (ten minutes)
	@.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests -m "soak and not nightly" $(TESTS)

test-nightly: setup ## test-soak, every way to clear a red hour, backfills, training, every DAG on both databases (an hour)
	@.venv/bin/python -m pytest tests -m "soak or nightly" $(TESTS)

test-properties: setup ## try every property of a function with many more examples (ten minutes)
	@.venv/bin/python -m pytest tests -m hypothesis --hypothesis-profile=nightly --timeout=3600 $(TESTS)

test-clients: setup ## run published clients against the local Azure Batch
	@.venv/bin/python -m pytest tests/clients -m clients $(TESTS)

test-containers: setup ## run tasks of the local Azure Batch in containers (needs Docker's engine)
	@.venv/bin/python -m pytest tests/batch_emulator/containers -m containers $(TESTS)

test-images: setup .local/sbom/.installed ## build the images on a Debian of one's own, and use them with docker-compose.yaml too (needs Docker's engine; an hour)
	@.venv/bin/python -m pytest tests/images -m images --timeout=1800 $(TESTS)

test-chart: setup ## render Airflow's official Helm chart with our values (CHART=airflow-1.22.0.tgz; needs helm)
	@CHART="$(CHART)" .venv/bin/python -m pytest tests/deploy -m chart $(TESTS)

# For what uses a browser: the machine's Chromium, or one that Playwright downloads.
BROWSER := .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r local_stack/requirements-browser.txt \
	&& { command -v chromium >/dev/null || command -v google-chrome >/dev/null || .venv/bin/playwright install chromium; }
test-browser: setup $(UI_TOOLS) ## use the web UI in a browser as people do (uses Chromium, or downloads it)
	@$(BROWSER)
	@.venv/bin/python -m pytest tests/integration tests/test_site.py -m browser $(TESTS)

test-backfill: setup ## backfill a day of readings beside the live hour (READINGS=file.csv; a quarter of an hour)
	@.venv/bin/python -m bench.backfill --readings "$(READINGS)"

lint: setup $(UI_TOOLS) ## ruff, ruff format, mypy, and docstrings against what they describe; biome and tsc on ui/
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@$(NPM) run --silent lint
	@$(MAKE) --no-print-directory .local/lint/docstrings

# Only files that have changed since the last time; all of them when the rules or pylint have.
DOCUMENTED := $(shell find plugins scoring_image/scorer batch_emulator/azure_batch_* event_hubs_emulator/azure_event_hubs_emulator infra ingest local_stack -name node_modules -prune -o -name '*.py' -print)
.local/lint/docstrings: .local/lint/.installed pyproject.toml $(DOCUMENTED)
	@.local/lint/venv/bin/pylint $(if $(filter-out %.py,$?),$(DOCUMENTED),$?)
	@touch $@

.local/lint/.installed: local_stack/requirements-lint.txt | setup
	@.venv/bin/uv venv --quiet --clear --python .venv/bin/python .local/lint/venv
	@.venv/bin/uv pip install --quiet --python .local/lint/venv/bin/python --require-hashes -r $<
	@touch $@

format: setup $(UI_TOOLS) ## format, and fix what ruff can fix
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .
	@$(NPM) run --silent format

DOCS := .local/docs
docs: setup $(DOCS)/venv/.installed $(DOCS)/node_modules/.installed ## build the documentation into .local/docs/site, with API pages from docstrings
	@$(DOCS)/venv/bin/python docs/site_pages.py $(DOCS)
	@cd $(DOCS) && venv/bin/zensical build --clean --strict
	@.venv/bin/python docs/site_check.py $(DOCS)/site
	@echo "open $(DOCS)/site/index.html"

# An environment of its own: the site's tools are no part of the product, and make setup stays quick.
$(DOCS)/venv/.installed: docs/requirements.txt
	@rm -rf $(DOCS)/venv && $(PYTHON) -m venv $(DOCS)/venv
	@$(DOCS)/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r docs/requirements.txt
	@touch $@

# Mermaid draws the diagrams. Zensical would have each reader's browser load it from a public server.
$(DOCS)/node_modules/.installed: docs/package.json docs/package-lock.json | setup
	@mkdir -p $(DOCS) && cp docs/package.json docs/package-lock.json $(DOCS)
	@cd $(DOCS) && $(CURDIR)/.venv/bin/npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

up: setup ## start the stack with Airflow's web UI, and leave it running (DEMO=0: without a day that is scored)
	@$(RUN) up $(if $(INGEST),--ingest) $(call typed,DEMO,--demo)

load: setup ## load your own readings into the stack of make up (READINGS=file.csv)
	@$(RUN) load $(if $(READINGS),--readings "$(READINGS)") $(FORM)

train: setup ## train on its readings before an hour (HOUR=2018-08-29T02; by default before the last one)
	@$(RUN) train $(if $(HOUR),--hour "$(HOUR)")

down: ## stop it
	@test ! -x .venv/bin/python || $(RUN) down

DO ?= list
models: setup ## show or change the model registry of make up (DO="show 1_4")
	@$(RUN) models $(DO)

missing: setup ## list incomplete hours and the commands that repair them (FROM=2018-08-29T00 TO=2018-08-30T00)
	@# Incomplete hours are a finding, no failure of make's.
	@$(RUN) missing --from "$(FROM)" --to "$(TO)" || { code=$$?; test $$code = 1 || exit $$code; }

doctor: setup ## say what the stack, or the deployment of your environment, lacks (TRY=1: also write, send and score; JSON=1)
	@# What is missing is a finding, no failure of make's; a pipeline reads the exit code of JSON=1.
	@$(RUN) doctor $(if $(TRY),--try) $(if $(JSON),--json) || { code=$$?; test $$code = 1 -a -z "$(JSON)" || exit $$code; }

airflow: setup ## run an Airflow command on the stack of make up (DO="dags list")
	@$(RUN) airflow $(DO)

SBOM := .local/sbom
$(SBOM)/.installed: local_stack/requirements-sbom.txt | setup
	@rm -rf $(SBOM)/tool
	@.venv/bin/uv pip install --quiet --python .venv/bin/python --target $(SBOM)/tool --require-hashes -r $<
	@touch $@

images: setup $(SBOM)/.installed ## build the container images, labelled, and list what they hold (BASE=image REGISTRY=example.azurecr.io)
	@.venv/bin/python -m local_stack.images --contents .local/images $(call typed,BASE,--base) $(call typed,REGISTRY,--registry)

# What differs between deployments is in the environment: docs/azure.md lists the variables.
GROUP_GIVEN = --group "$(or $(GROUP),$(error GROUP is missing: the resource group))"
plan: setup ## show what a deployment would change in Azure (GROUP=name SIZE=1000)
	@.venv/bin/python -m infra plan $(GROUP_GIVEN) $(call typed,SIZE,--size)

deploy: setup ## show that, ask, and deploy (GROUP=name SIZE=1000)
	@.venv/bin/python -m infra deploy $(GROUP_GIVEN) $(call typed,SIZE,--size)

destroy: setup ## name all that is in the resource group, ask, and delete it (GROUP=name)
	@.venv/bin/python -m infra destroy $(GROUP_GIVEN)

scale: setup ## score 1,000 sensors with one task instance each, and 20,000 packed (half an hour)
	@.venv/bin/python -m bench.scale
	@.venv/bin/python docs/generate.py

bench: setup ## compare our operator with the stock one (up to two hours)
	@.venv/bin/python -m bench.compare
	@.venv/bin/python docs/generate.py

bench-hop: setup ## measure what one more sensor costs each process, and Airflow's share of it (a quarter of an hour)
	@.venv/bin/python -m bench.parsing
	@.venv/bin/python -m bench.hop
	@.venv/bin/python -m bench.floor
	@.venv/bin/python docs/generate.py

bench-executors: setup ## measure what one more sensor costs under each executor (a quarter of an hour; needs redis-server)
	@.venv/bin/python -m bench.executors
	@.venv/bin/python docs/generate.py

bench-scoring: setup ## compare scoring with the reference script, and labels with scikit-learn's (half an hour)
	@.venv/bin/python -m bench.fidelity
	@.venv/bin/python -m bench.soak
	@.venv/bin/python -m bench.scoring
	@.venv/bin/python -m bench.stages
	@.venv/bin/python docs/generate.py

bench-emulator: setup ## load the local Azure Batch with up to 50,000 tasks (a minute)
	@.venv/bin/python -m bench.emulator
	@.venv/bin/python docs/generate.py

bench-ingest: setup ## kill devices, event hub and job, look for every event, and measure each part (an hour and a half)
	@.venv/bin/python -m bench.events.devices
	@.venv/bin/python -m bench.events.windows
	@.venv/bin/python -m bench.events.loading
	@.venv/bin/python -m bench.events.chain
	@.venv/bin/python -m bench.events.chain --devices 200 --per-pack 50
	@.venv/bin/python docs/generate.py

bench-fleet: setup ## measure the fleet page, in the api-server and in a browser (five minutes; uses Chromium, or downloads it)
	@.venv/bin/python -m bench.fleet_page
	@$(BROWSER)
	@.venv/bin/python -m bench.fleet_browser
	@.venv/bin/python docs/generate.py

bench-images: setup ## measure the images (BASE=a Debian with Python)
	@.venv/bin/python -m bench.images $(BASE)
	@.venv/bin/python docs/generate.py

bench-mounts: setup ## compare scoring from mounted folders with scoring over HTTP (two minutes)
	@.venv/bin/python -m bench.mounts
	@.venv/bin/python docs/generate.py

bench-year: setup ## measure Airflow after a year of hourly runs, and after its cleaning (a quarter of an hour)
	@.venv/bin/python -m bench.year
	@.venv/bin/python docs/generate.py

bench-policies: setup ## simulate days under each autoscale policy (five minutes)
	@AIRFLOW_HOME=$(CURDIR)/.local/bench-airflow .venv/bin/python -m bench.policies
	@AIRFLOW_HOME=$(CURDIR)/.local/bench-airflow .venv/bin/python -m bench.waterfall
	@.venv/bin/python docs/generate.py

bench-month: setup ## simulate what a month takes in deployments of each size (a minute)
	@AIRFLOW_HOME=$(CURDIR)/.local/bench-airflow .venv/bin/python -m bench.month
	@.venv/bin/python docs/generate.py

LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
lock: setup ## regenerate the lock files from the .in files (UPGRADE=--upgrade for the newest versions)
	@$(LOCK) $(UPGRADE) local_stack/requirements.in -o local_stack/requirements.txt
	@$(LOCK) $(UPGRADE) local_stack/requirements-browser.in -c local_stack/requirements.txt -o local_stack/requirements-browser.txt
	@$(LOCK) $(UPGRADE) local_stack/requirements-sbom.in -o local_stack/requirements-sbom.txt
	@$(LOCK) $(UPGRADE) local_stack/requirements-lint.in -o local_stack/requirements-lint.txt
	@$(LOCK) $(UPGRADE) requirements.in -c local_stack/requirements.txt -o requirements.txt
	@$(LOCK) $(UPGRADE) requirements-application-insights.in -c requirements.txt -o requirements-application-insights.txt
	@$(LOCK) $(UPGRADE) scoring_image/requirements.in -c local_stack/requirements.txt -o scoring_image/requirements.txt
	@$(LOCK) $(UPGRADE) scoring_image/requirements-lean.in -c local_stack/requirements.txt -o scoring_image/requirements-lean.txt
	@$(LOCK) $(UPGRADE) docs/requirements.in -o docs/requirements.txt
	@$(LOCK) --no-strip-extras $(UPGRADE) airflow_image/requirements.in -c requirements.txt -o airflow_image/requirements.txt
	@$(LOCK) $(UPGRADE) deploy/helm/requirements.in -c requirements.txt -o deploy/helm/requirements.txt

clean: down ## remove everything that was set up, and all local data
	@rm -rf .venv .local local_stack/node_modules ui/node_modules runs
