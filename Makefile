# All that a fresh machine needs is Python 3.11 or 3.12, make and git. `make` alone lists what there is.
#
#   VENV=…         another place for the environment
#   PYTHON=…       another Python to make it with
#   TORCH_INDEX=…  a further package index to take torch from (a CPU build, or one for your CUDA version)

VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $$p && break; done)
TORCH := $(shell sed -n 's/^torch==//p' requirements.lock)

# Warnings of pip's are about other people's packages; its errors are shown.
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check -qq install
DONE := $(VENV)/radloop-setup
TIMED := .ci/timed

# Real labelled pictures, where they lie beside the checkout; tests that need them are skipped elsewhere.
ifneq ($(wildcard ../shared/data),)
export RADLOOP_DATA ?= $(abspath ../shared/data)
endif

.PHONY: help
help:
	@echo 'make demo     set up, then run a beating heart through the server: a table and two pictures'
	@echo 'make serve    set up, then serve the sample data on http://127.0.0.1:8000 (ARGS="--studies FOLDER --port 9000")'
	@echo 'make test     set up, then ruff, mypy, import-linter and pytest, each with its seconds'
	@echo 'make setup    only the environment, in $(VENV)'
	@echo 'make lint | types | layers | behaviour | slicer    one stage of make test (ARGS="tests/heart" for pytest)'
	@echo 'make format   put the code into the style that make lint wants'
	@echo 'make wheel    dist/radloop-….whl, with app, bundles, plugins and sample data inside'
	@echo 'make wheelhouse  all packages in a folder, to install where there is no internet (packaging/install-offline.sh)'
	@echo 'make clean    take away what was built; the environment stays'

# ---- set-up: each step leaves a mark, so the second run does nothing

.PHONY: setup
setup: $(DONE)/radloop

$(DONE)/torch-$(TORCH):
	@test -n '$(PYTHON)' || { echo 'radloop needs Python 3.11 or 3.12: none was found (make PYTHON=/path/to/python3.12 …)'; exit 1; }
	@echo "set-up 1/3: torch $(TORCH) for $$($(PYTHON) --version) into $(VENV) (the largest part; minutes on a slow line)"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) torch==$(TORCH)
	@mkdir -p $(DONE) && touch $@

$(DONE)/packages: requirements.lock compat/pydicom_seg/pydicom_seg.py compat/pydicom_seg/pyproject.toml | $(DONE)/torch-$(TORCH)
	@echo 'set-up 2/3: the packages of requirements.lock (1.4 GB on disk, about a minute)'
	@$(PIP) --no-deps -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation ./compat/pydicom_seg
	@touch $@

$(DONE)/radloop: pyproject.toml setup.py $(DONE)/packages
	@echo 'set-up 3/3: radloop itself, from this folder'
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(VENV)/bin/python -m compileall -qq apps bundles
	@touch $@

$(DONE)/tools: requirements-dev.lock $(DONE)/packages
	@echo 'set-up, for tests: the packages of requirements-dev.lock'
	@$(PIP) --no-deps -r requirements-dev.lock
	@touch $@

# ---- use

.PHONY: demo serve
demo: setup
	@$(VENV)/bin/radloop prepare
	@$(VENV)/bin/radloop demo $(ARGS)

serve: setup
	@$(VENV)/bin/radloop prepare
	@$(VENV)/bin/radloop serve $(ARGS)

# ---- tests

.PHONY: test lint types layers behaviour format
test: setup $(DONE)/tools
	@$(TIMED) 'all stages' $(MAKE) --keep-going --no-print-directory lint types layers behaviour slicer

lint: $(DONE)/tools
	@$(TIMED) 'ruff check' $(VENV)/bin/ruff check .
	@$(TIMED) 'ruff format' $(VENV)/bin/ruff format --check .

types: $(DONE)/tools
	@$(TIMED) 'mypy' $(VENV)/bin/mypy

# The bundles' code is on the path as MONAI puts it there: it belongs to no installed package.
layers: $(DONE)/tools
	@PYTHONPATH=bundles/cine_heart:bundles/cxr_classifier $(TIMED) 'import-linter' $(VENV)/bin/lint-imports --no-logo

# Three processes, for tests wait; a file at a time (see tests/conftest.py), and one thread each: they start servers and
# workers of their own, and more would only fight.
SPREAD := -n 3 --dist loadfile --no-loadscope-reorder
behaviour: setup $(DONE)/tools
	@OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(TIMED) 'pytest' $(VENV)/bin/pytest $(SPREAD) $(ARGS)

format: $(DONE)/tools
	@$(VENV)/bin/ruff check --fix-only . && $(VENV)/bin/ruff format .

# The module for 3D Slicer, in an environment of its own.
include tests/viewers/slicer/slicer.mk

# ---- the wheel

WHEEL := $(VENV)/bin/python -m pip --disable-pip-version-check -q wheel --wheel-dir wheelhouse

.PHONY: wheel clean
wheel: setup
	@$(VENV)/bin/python -m pip --disable-pip-version-check -q wheel --no-deps --no-build-isolation --wheel-dir dist .

# For a machine without internet but with this one's Python and kind of processor: copy the folder there, then
# ./install-offline.sh FOLDER. TORCH_INDEX works as for setup.
.PHONY: wheelhouse
wheelhouse: setup
	@rm -rf wheelhouse && mkdir wheelhouse
	@echo 'wheelhouse 1/2: torch and what it needs, and the packages of requirements.lock (1 GB; minutes on a slow line)'
	@$(WHEEL) $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) torch==$(TORCH) --constraint requirements.lock
	@$(WHEEL) --no-deps -r requirements.lock
	@echo 'wheelhouse 2/2: radloop'
	@$(WHEEL) --no-deps --no-build-isolation .
	@cp -r requirements.lock packaging docs/operating.md docs/settings.md wheelhouse/
	@mv wheelhouse/packaging/install-offline.sh wheelhouse/
	@du -sh wheelhouse

clean:
	@rm -rf wheelhouse build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
