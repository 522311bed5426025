# Two commands from a fresh clone: `make demo` and `make test`. They need Python 3.11+, make and a package index.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
# Passed on: make test ARGS="-k render --pg 17", make demo ARGS="--help"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check format docs dashboards pictures bench clean

help: ## Print this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

demo: $(VENV)/demo.stamp ## Start a PostgreSQL with a live OAuth2 workload and watch it; Ctrl-C ends it
	@exec $(BIN)/pg-oauth-exporter demo $(ARGS)

test: $(VENV)/dev.stamp ## Run the tests with every PostgreSQL at hand (ARGS="-k render --pg 15,17")
	@exec $(BIN)/pytest $(ARGS)

check: $(VENV)/dev.stamp ## Everything that must hold before a change goes in
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/codespell
	@$(MAKE) --no-print-directory rules
	$(BIN)/pytest $(ARGS)

.PHONY: rules
# Debian's `prometheus` brings promtool. CI sets REQUIRE_PROMTOOL, so that it cannot be forgotten there.
rules:
	@set -eu; files=$$(if [ -d alerts ]; then find alerts -name '*.rules.yml' -o -name '*.rules.yaml'; fi); \
	if [ -z "$$files" ]; then exit 0; fi; \
	if command -v promtool >/dev/null; then echo promtool check rules; promtool check rules $$files; \
	elif [ -n "$${REQUIRE_PROMTOOL:-}" ]; then echo "promtool is not installed, and REQUIRE_PROMTOOL is set" >&2; exit 1; \
	else echo "promtool is not installed: the rules were not checked"; fi

format: $(VENV)/dev.stamp ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

docs: $(VENV)/dev.stamp ## Write anew what is made from queries, alerts and settings: pages, rules, dashboards
	$(BIN)/pg-oauth-exporter config --markdown docs/configuration.md > docs/configuration.md.new && mv docs/configuration.md.new docs/configuration.md
	$(BIN)/pg-oauth-exporter config --schema > docs/exporter.schema.json.new && mv docs/exporter.schema.json.new docs/exporter.schema.json
	$(BIN)/pg-oauth-exporter queries --markdown > docs/metrics.md.new && mv docs/metrics.md.new docs/metrics.md
	$(BIN)/pg-oauth-exporter alerts --rules alerts
	$(BIN)/pg-oauth-exporter alerts --markdown > docs/alerts.md.new && mv docs/alerts.md.new docs/alerts.md
	$(BIN)/pg-oauth-exporter alerts --kubernetes > prometheusrule.new && mv prometheusrule.new deploy/kubernetes/prometheusrule.yaml
	@$(MAKE) --no-print-directory dashboards

dashboards: $(VENV)/dev.stamp ## Write the dashboards anew from their Python
	$(BIN)/python -m dashboards

# Of a Grafana that has the dashboards (docker compose up), or by any program that is given a dashboard's file and the
# picture to write: make images RENDER=/path/to/program
GRAFANA ?= http://localhost:3000
CHROMIUM ?= chromium
.PHONY: images
images: ## Take a picture of each dashboard for the docs (GRAFANA=http://localhost:3000)
	@set -eu; mkdir -p docs/images; for file in dashboards/*.json; do \
	  uid=$$(basename $$file .json); picture=docs/images/$$uid.png; \
	  if [ -n "$(RENDER)" ]; then $(RENDER) $$file $$picture; \
	  else $(CHROMIUM) --headless --disable-gpu --hide-scrollbars --window-size=1920,1080 --virtual-time-budget=30000 \
	    --screenshot=$$picture "$(GRAFANA)/d/$$uid?kiosk&from=now-30m&to=now&theme=dark"; fi; \
	  echo $$picture; \
	done

pictures: $(VENV)/dev.stamp ## Take the pictures of the status pages for the docs (needs chromium)
	@mkdir -p docs/status
	@PYTHONPATH=. $(BIN)/python tests/pictures.py

bench: $(VENV)/dev.stamp ## Measure; with DSN=... of a monitoring role the whole daemon, too
	@set -eu; for file in benchmarks/*.py; do \
	  case $$file in */daemon.py) continue;; esac; \
	  if grep -q __main__ $$file; then echo "== $$file"; $(BIN)/python $$file; fi; \
	done
	@if [ -n "$(DSN)" ]; then echo "== benchmarks/daemon.py"; $(BIN)/python benchmarks/daemon.py --dsn "$(DSN)"; \
	else echo "== benchmarks/daemon.py: not run, name a server: make bench DSN=postgresql://monitor@127.0.0.1/oauth2"; fi

clean: ## Remove the environment and everything generated
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/dev.stamp: EXTRAS := demo,dev
$(VENV)/demo.stamp: EXTRAS := demo
$(VENV)/dev.stamp $(VENV)/demo.stamp: pyproject.toml constraints.txt $(BIN)/python
	@echo "Installing into $(VENV): the first time this takes a minute."
	@$(PIP) -e '.[$(EXTRAS)]'
	@touch $@

# The interpreter itself is the target: an environment whose Python was removed is made anew.
$(BIN)/python:
	@set -eu; for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	  echo "Python 3.11 or newer is needed and none is on the PATH; name one: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; \
	fi; \
	if ! $$found -c 'import venv, ensurepip' 2>/dev/null; then \
	  echo "$$found cannot make environments: install its venv module (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$($$found --version)."; \
	$$found -m venv --clear $(VENV)
