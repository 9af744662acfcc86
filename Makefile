# Everything that Signal Workbench needs is set up here, in .venv, from Python, make and git.
# `make PYTHON=python3.12` chooses the Python for a new .venv.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
LAB := $(VENV)/.installed-lab
DEV := $(VENV)/.installed-dev
PINS := pyproject.toml constraints.txt
# a process for each core: most of the time goes into Python, which has one thread
SHARED := --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# what fails has failed for good when it fails again, alone; both reports are printed
AGAIN := { [ $$? -eq 1 ] && $(PY) -m pytest --last-failed --last-failed-no-failures none; }
CANDIDATES := $(PYTHON) python3.13 python3.12 python3.11 python3 python

.PHONY: help lab check test bench docs notebooks screenshots clips model

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

lab: $(LAB) ## JupyterLab on the start notebook (set-up included)
	@$(VENV)/bin/workbench lab

check: $(DEV) ## format, lint, types, doctests
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m pytest --quiet --doctest-modules workbench

test: $(DEV) ## every test, in a real browser too (installed if there is none)
	@$(PY) -m tests.browser --install
	$(PY) -m pytest -m "not timed" $(SHARED) || $(AGAIN)
	$(PY) -m pytest -m timed || $(AGAIN)

bench: $(DEV) ## benchmarks, rivals in the same run
	@$(PY) -m tests.browser --install
	@$(PY) -m benchmarks

docs: $(DEV) ## the documentation, in build/docs/index.html
	$(PY) -m sphinx -q -W --keep-going docs build/docs

notebooks: $(DEV) ## run the notebooks again and save what they show
	$(PY) notebooks/save.py

screenshots: $(DEV) ## pictures of every dashboard for docs/
	@$(PY) -m tests.browser --install
	$(PY) -m docs.screenshots

clips: $(DEV) ## make the audio clips in data/ again
	$(PY) data/make.py

model: $(DEV) ## train the amplifier model in data/ again (minutes)
	$(PY) data/make_model.py

$(LAB): $(PY) $(PINS)
	@echo "Installing Signal Workbench in $(VENV) (a few minutes the first time) ..."
	@$(PIP) install -c constraints.txt -e '.[corpus,export]'
	@touch $@

$(DEV): $(PY) $(PINS)
	@echo "Installing Signal Workbench and its tools in $(VENV) (a few minutes the first time) ..."
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@ $(LAB)

$(PY):
	@for python in $(CANDIDATES); do \
		if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
			>/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Signal Workbench needs Python 3.11, 3.12 or 3.13, and found none of them." \
			"Install one (Debian, Ubuntu: apt-get install python3 python3-venv;" \
			"macOS: python.org or brew install python@3.13), then run make again." >&2; \
		exit 1; \
	fi; \
	if ! $$found -c 'import ensurepip, venv' >/dev/null 2>&1; then \
		echo "$$found can't create environments yet. Install its venv module" \
			"(Debian, Ubuntu: apt-get install python3-venv), then run make again." >&2; \
		exit 1; \
	fi; \
	echo "Creating $(VENV) with $$($$found --version)."; \
	$$found -m venv --clear $(VENV)
