# The menu: `make` or `make help` lists it. Everything runs in an environment of its own, .venv.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(abspath $(VENV))/bin
UV := $(shell command -v uv 2>/dev/null)
# the first Python that is new enough; PYTHON=... chooses another
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
STORE ?= $(CURDIR)/mlruns
TRACKING_URI = $(or $(MLFLOW_TRACKING_URI),sqlite:///$(STORE)/mlflow.db)
JOBS ?= 2
# two processes with many threads each would only wait for one another
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
# a check writes to a store of its own, never to yours
SCRATCH := scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT INT TERM && \
	export MLFLOW_TRACKING_URI="sqlite:///$$scratch/mlflow.db" MPLBACKEND=Agg $(ONE_THREAD) PATH="$(BIN):$$PATH"
CHECKS := lint format types imports doctests docs notebooks cards bench-small
BENCHMARKS := $(filter-out __init__ frame,$(patsubst benchmarks/%.py,%,$(wildcard benchmarks/*.py))) \
	$(patsubst benchmarks/%/__main__.py,%,$(wildcard benchmarks/*/__main__.py))

##@ Start here

.PHONY: help
help: ## list this menu
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z%-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: $(VENV)/.ready-demo ## train on real retail data, score every household, show the tiers
	$(BIN)/tiercast demo

.PHONY: ui
ui: $(VENV)/.ready-demo ## open the MLflow user interface on the local store
	@echo "export MLFLOW_TRACKING_URI=$(TRACKING_URI)"
	@echo "http://127.0.0.1:5000"
	$(BIN)/mlflow ui --backend-store-uri "$(TRACKING_URI)"

##@ Check

.PHONY: test
test: $(VENV)/.ready-dev ## run the tests (those of Spark without Java, of PostgreSQL without a server, skip and say so)
	$(ONE_THREAD) PATH="$(BIN):$$PATH" $(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal --ignore=tests/docs $(ARGS)

.PHONY: check
check: $(VENV)/.ready-dev ## run every check that CI runs beside the tests, with the seconds of each
	@for stage in $(CHECKS); do start=$$(date +%s); echo "== $$stage"; \
		$(MAKE) --no-print-directory "$$stage" || { echo "check $$stage: FAILED" >&2; exit 1; }; \
		echo "check $$stage: $$(($$(date +%s) - start)) s"; done

.PHONY: lint
lint: $(VENV)/.ready-dev ## look for mistakes (ruff)
	$(BIN)/ruff check .

.PHONY: format
format: $(VENV)/.ready-dev ## see that the layout is uniform (ruff; `make tidy` mends it)
	$(BIN)/ruff format --check .

.PHONY: types
types: $(VENV)/.ready-dev ## check types twice (mypy and pyright)
	@$(BIN)/mypy & first=$$!; \
		PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright --pythonpath "$(BIN)/python"; second=$$?; wait $$first && exit $$second

.PHONY: imports
imports: $(VENV)/.ready-dev ## check who may import whom
	$(BIN)/lint-imports --no-cache

.PHONY: doctests
doctests: $(VENV)/.ready-dev ## run the examples in the docstrings
	@$(SCRATCH) && $(BIN)/python -m pytest -q -p no:cacheprovider --doctest-modules src/models/tiercast \
		--ignore=src/models/tiercast/serving/entry.py # it is run by MLflow, at import

.PHONY: docs
docs: $(VENV)/.ready-dev ## run the examples in README.md and docs/
	@$(SCRATCH) && $(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal tests/docs

.PHONY: notebooks
notebooks: $(VENV)/.ready-dev ## run every notebook as a script, two at a time
	@$(SCRATCH) && printf '%s\n' notebooks/*.py | xargs -P $(JOBS) -I '{}' sh -c 'echo "{}"; said="$$1/$$(basename "{}").said"; \
		"$$2" "{}" >"$$said" 2>&1 || { echo "{}: FAILED"; cat "$$said"; exit 1; }' _ "$$scratch" "$(BIN)/python"

.PHONY: cards
cards: $(VENV)/.ready-dev ## validate every job card, then run each, in a store and folder of their own
	@$(SCRATCH) OMP_NUM_THREADS=$(JOBS) && $(BIN)/tiercast cards pipelines/ && cd "$$scratch" && \
		for card in add_nightly train_weekly score_nightly score_monday_zh segment_monthly; do \
			echo "running $$card"; $(BIN)/tiercast $${card%%_*} "$(CURDIR)/pipelines/$$card.toml" >/dev/null || exit 1; done && \
		ls scorecards*/cutoff=*/version=*/scorecard.parquet segments/segments.parquet touchpoint_store/ledger/*.json

.PHONY: bench-small
bench-small: $(VENV)/.ready-dev ## run every benchmark in its small mode
	@for name in $(BENCHMARKS); do SMALL=1 $(MAKE) --no-print-directory "bench-$$name" || exit 1; done

##@ Work

.PHONY: tidy
tidy: $(VENV)/.ready-dev ## mend layout and simple mistakes (ruff)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: clean
clean: ## remove environments, caches and builds; keeps mlruns/ and results
	rm -rf "$(VENV)" build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache benchmarks/results/small
	find src tests benchmarks notebooks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# peers that do not go with our versions are given environments of their own when they are first asked for
OWN_ENVIRONMENTS = AUTOGLUON_ENV="$${AUTOGLUON_ENV:-$(abspath $(VENV))/autogluon}" \
	FEATURETOOLS_ENV="$${FEATURETOOLS_ENV:-$(abspath $(VENV))/featuretools}"

bench-%: $(if $(SMALL),$(VENV)/.ready-dev,$(VENV)/.ready-peers) ## run one benchmark beside its peers (sizes from the environment, SMALL=1: small)
	$(OWN_ENVIRONMENTS) $(BIN)/python -m benchmarks.$*

# ---- environments: one folder, made once, renewed when the pins change ----

.PHONY: python libgomp
python:
	@[ -n "$(PYTHON)" ] || { echo "tiercast needs Python 3.11 or newer; found: $$(python3 --version 2>&1 || true)." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "tiercast needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" --version 2>&1)." >&2; exit 1; }

libgomp:
	@case "$$(uname -s)" in \
	Linux) "$(PYTHON)" -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null || { \
		echo "LightGBM needs the system library libgomp.so.1, which is missing. Install it with:" >&2; \
		echo "    apt-get install -y libgomp1        (Debian, Ubuntu)" >&2; \
		echo "    dnf install -y libgomp             (Fedora, RHEL)" >&2; exit 1; } ;; \
	Darwin) [ -e /opt/homebrew/opt/libomp/lib/libomp.dylib ] || [ -e /usr/local/opt/libomp/lib/libomp.dylib ] || \
		echo "LightGBM needs libomp; if the next step fails: brew install libomp" >&2 ;; esac

$(BIN)/python: | python libgomp
	@echo "making $(VENV) with $(PYTHON)$(if $(UV), and uv)"
ifneq ($(UV),)
	@"$(UV)" venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" "$(VENV)"
else
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make environments. On Debian: apt-get install -y python3-venv (or install uv)" >&2; exit 1; }
	@"$(PYTHON)" -m venv "$(VENV)"
endif

# $(call install,<extras>) keeps what is there and adds the extras
ifneq ($(UV),)
install = VIRTUAL_ENV="$(abspath $(VENV))" "$(UV)" pip install --quiet -c constraints.txt -e '.[$(1)]'
else
install = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(1)]'
endif

$(VENV)/.ready-demo: pyproject.toml constraints.txt | $(BIN)/python libgomp
	@echo "installing tiercast and the demo's data (once)"
	@$(call install,demo)
	@touch "$@"

$(VENV)/.ready-dev: pyproject.toml constraints.txt | $(BIN)/python libgomp
	@echo "installing tiercast, Spark, PostgreSQL's driver and the development tools (once)"
	@$(call install,demo$(comma)spark$(comma)postgres$(comma)dev)
	@touch "$(VENV)/.ready-demo" "$@"

$(VENV)/.ready-peers: $(VENV)/.ready-dev
	@echo "installing the peers that the benchmarks run beside us (once)"
	@$(call install,peers)
	@touch "$@"

comma := ,
