# The shop's few commands; `make help` lists them. A fresh machine needs Python 3.11 or
# newer and make, nothing else.

VENV ?= .venv
# Another interpreter than the one found: `make run PYTHON=/opt/python3.13/bin/python3`
PYTHON ?=
PYTEST_ARGS ?=

PY := $(VENV)/bin/python
RUNTIME := $(VENV)/.installed
TOOLS := $(VENV)/.installed-dev
.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint types bench fmt messages postman

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUNTIME) ## Start the demo shop (PORT, HOST, DATABASE_URL, DEMO_ADMIN_PASSWORD)
	@exec $(PY) -m backoffice.demo

test: $(TOOLS) ## The test suite, on SQLite and, where one answers, on PostgreSQL
	@exec $(PY) .ci/suite.py $(PYTEST_ARGS)

lint: $(TOOLS) ## Style, import contracts, missing migrations
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()'
	SECRET_KEY=lint $(PY) manage.py makemigrations --check --dry-run

types: $(TOOLS) ## Type check
	$(PY) -m mypy .

bench: $(TOOLS) ## Measurements against the least work that does the job; a JSON line each
	@for program in bench/bench_*.py; do $(PY) "$$program"; done

postman: $(RUNTIME) ## The Postman collection against a demo that runs (URL, DEMO_ADMIN_PASSWORD)
	@exec $(PY) .ci/postman.py

fmt: $(TOOLS) ## Put the code into shape
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

messages: $(TOOLS) ## Collect and compile the Chinese words (needs gettext)
	@command -v xgettext >/dev/null || { echo "gettext is missing: apt-get install gettext"; exit 1; }
	SECRET_KEY=messages $(PY) manage.py makemessages -l zh_Hans --no-obsolete -i .venv -i var -i static
	SECRET_KEY=messages $(PY) manage.py compilemessages -l zh_Hans -i .venv

# --- the environment: made once, and again when the requirements change ---------------

# A name on the PATH says little (pyenv's shims answer for versions that are not there),
# so each candidate is asked.
define find_python
	found=; for name in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python); do \
	  if "$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (4,))' 2>/dev/null; \
	  then found=$$name; break; fi; done; \
	if [ -z "$$found" ]; then echo "The shop needs Python 3.11 or newer; none was found." \
	  "Install it (Debian: apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3" >&2; exit 1; fi
endef

# A virtual environment brings its own pip; where the system's Python was packaged
# without it (Debian leaves it to python3-venv), a pip from outside fills in.
$(PY):
	@$(find_python); \
	echo "Making $(VENV) with $$("$$found" --version)."; rm -rf $(VENV); \
	if "$$found" -c 'import ensurepip' 2>/dev/null; then "$$found" -m venv $(VENV); \
	elif "$$found" -m pip --version >/dev/null 2>&1; then \
	  "$$found" -m venv --without-pip $(VENV) && "$$found" -m pip --python $(PY) install -q pip; \
	else echo "This Python cannot make virtual environments." \
	  "Debian: apt-get install python3-venv" >&2; exit 1; fi

$(RUNTIME): requirements.txt | $(PY)
	@echo "Installing what the shop runs on."
	@$(PY) -m pip install -q --use-pep517 --disable-pip-version-check -r requirements.txt
	@touch $@

$(TOOLS): requirements-dev.txt requirements.txt | $(PY)
	@echo "Installing what tests and checks need."
	@$(PY) -m pip install -q --use-pep517 --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(RUNTIME)
