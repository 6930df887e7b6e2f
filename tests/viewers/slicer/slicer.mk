# Tests of the Slicer module, in an environment of their own: Slicer's core and VTK are 1 GB that no server needs.

SLICER_VENV ?= .venv-slicer
SLICER_DONE := $(SLICER_VENV)/radloop-setup

.PHONY: slicer slicer-setup
slicer-setup: $(SLICER_DONE)

$(SLICER_DONE): requirements-slicer.lock
	@echo "set-up, for tests of the Slicer module: Slicer's core and Qt into $(SLICER_VENV) (1 GB, about a minute)"
	@test -x $(SLICER_VENV)/bin/python || $(PYTHON) -m venv $(SLICER_VENV)
	@$(SLICER_VENV)/bin/python -m pip --disable-pip-version-check -qq install --no-deps -r requirements-slicer.lock
	@touch $@

# The panel in a real window where there is an X server to be had, else in Qt's own off-screen one. Three processes as
# for the other tests.
slicer: setup $(SLICER_DONE)
	@RADLOOP_PYTHON='$(abspath $(VENV)/bin/python)' OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(TIMED) 'Slicer module' \
	$$(command -v xvfb-run >/dev/null && echo xvfb-run -a || echo env QT_QPA_PLATFORM=offscreen) \
	$(SLICER_VENV)/bin/python -m pytest tests/viewers/slicer $(SPREAD) $(ARGS)
