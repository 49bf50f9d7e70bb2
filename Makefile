# Two commands matter: `make run` starts the studio, `make test` runs every test. Both set themselves up.
.DEFAULT_GOAL := run
SHELL := /bin/bash
PORT ?= 8501
DATA_DIR ?= data/local
export DATA_DIR

# The newest supported Python on this machine that can make a virtual environment.
PYTHON := $(shell for v in 3.13 3.12 3.11; do for p in python$$v $$HOME/.pyenv/versions/$$v.*/bin/python python3; do \
	if $$p -c "import ensurepip, sys; sys.exit('%d.%d' % sys.version_info[:2] != '$$v')" 2>/dev/null; then echo $$p; exit; fi; done; done)
BIN := .venv/bin

.PHONY: run test install watch lint bench demo lock kills clean

install: .venv/.run-ready  ## set-up alone: leaves .venv/bin/studio

run: install  ## the studio on http://localhost:$(PORT)
	$(BIN)/studio run --port $(PORT)

watch: install  ## adds error tracking and tracing, which need a setting each to do anything
	$(BIN)/pip install --quiet --disable-pip-version-check -c requirements-dev.lock --editable ".[watch]"

demo: install  ## fill the studio with sample content, all marked as practice
	$(BIN)/studio demo

test: .venv/.test-ready  ## every test: offline, no keys; real Postgres, real S3 server, real browser
	$(BIN)/python -m pytest

lint: .venv/.test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.test-ready  ## prints ratios against references measured in the same run
	$(BIN)/python -m tests.bench

kills: .venv/.test-ready  ## the long version of the crash test: 10,000 kill -9
	KILLS=10000 $(BIN)/python -m pytest tests/test_kills.py -n 0 --timeout 7200

lock:  ## choose versions anew after a change of pyproject.toml (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate -o requirements.lock
	uv pip compile pyproject.toml --group dev --extra watch -c requirements.lock --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate -o requirements-dev.lock

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Image Studio needs Python 3.11, 3.12 or 3.13 with the venv module."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.run-ready: .venv/bin/python requirements.lock pyproject.toml
	@echo "Setting up the studio; the first time takes one to four minutes."
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv/.test-ready: .venv/.run-ready requirements-dev.lock
	@echo "Setting up the tests: servers and a browser; the first time takes a minute or two."
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; }
	@touch $@

clean:
	rm -rf .venv data/local build *.egg-info .pytest_cache .mypy_cache .ruff_cache
