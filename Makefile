# The verbs of this repository; `make` alone lists them. CI calls the same (see .ci/run).
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
# Compiled modules are kept, whatever the shell says: without them each process compiles all of our code when it starts.
export PYTHONDONTWRITEBYTECODE :=
# What `make run` hands to `shouwang run`: make run ARGS="--demo --http 127.0.0.1:9000"
ARGS ?= --demo
# What pytest also gets: make test TESTS="-k retained"
TESTS ?=

# Servers that the tests start themselves, as `package:command that makes it unnecessary`.
SERVERS := mosquitto:mosquitto influxdb:influxd
ifneq ($(wildcard tests/browser/test_*.py),)
SERVERS += chromium:chromium fonts-wqy-microhei poppler-utils:pdftotext
endif

.NOTPARALLEL:
.PHONY: help setup run test check bench soak clean
help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

setup: ## install everything that run and test need (.venv, console, Mosquitto, InfluxDB; daemons stay off)
	@scripts/console packages & scripts/venv dev; done=$$?; wait; exit $$done
	@scripts/console build
	@scripts/debian $(SERVERS)

run: ## start the service with a demo compound on http://127.0.0.1:8000
	@scripts/console packages & scripts/venv run; done=$$?; wait; exit $$done
	@scripts/console build || echo "going on without the console; the API is there"
	@scripts/debian mosquitto:mosquitto || echo "going on with the embedded try-out broker, which forgets on restart"
	@exec $(BIN)/shouwang run $(ARGS)

check: ## format, lint, types, import contracts, unit and contract tests; under a minute
	@scripts/venv dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests/unit tests/contract -n 3 -m "not servers and not slow and not soak" --hypothesis-profile brief $(TESTS)

test: setup ## every test but the long ones, with real servers and a browser; up to 20 minutes
	scripts/console test
	SHOUWANG_TEST_SERVERS=required $(BIN)/pytest --ignore tests/faults --ignore tests/browser -n 3 -m "not soak" $(TESTS)
	SHOUWANG_TEST_SERVERS=required $(BIN)/pytest tests/browser -m "not soak" $(TESTS)
	SHOUWANG_TEST_SERVERS=required $(BIN)/pytest tests/faults -m "not soak" $(TESTS)

bench: setup ## throughput, latency and memory, each beside a ceiling of the same run; `make bench rules`: that alone
	$(BIN)/shouwang bench $(or $(filter-out bench,$(MAKECMDGOALS)),all)
ifneq (,$(filter storm,$(or $(filter-out bench,$(MAKECMDGOALS)),storm)))
	$(BIN)/python scripts/with_postgresql.py $(BIN)/shouwang bench storm
endif

ifeq (bench,$(firstword $(MAKECMDGOALS)))
decode intake latency rules storm: bench
	@:
endif

soak: setup ## the long forms of faults, fuzz and simulation
	SHOUWANG_TEST_SERVERS=required $(BIN)/pytest -m soak --timeout 7200 $(TESTS)

clean: ## remove the virtual environment, caches and builds; ./var (your data) stays
	rm -rf dashboards/console/node_modules services/shouwang/console .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
