# Everything runs in .venv; `make setup` makes it from exact pins.
PYTHON ?= python3.11
DIALOGUES ?= 200
SEED ?= 0
DATA ?= data/phantom-$(DIALOGUES)
MODEL ?= examples/reference_model/checkpoints/final
BIN := .venv/bin
# -qq: errors alone. pip warns once per package about every index that is not reachable.
PIP := $(BIN)/python -m pip install -qq --progress-bar off --disable-pip-version-check

.PHONY: setup demo full nightly test test-faults families lint bench bench-scoring gaming claims-report browser screenshots lock clean help

help: ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: .venv/.ready ## make .venv with the exact pins of requirements/cpu.lock

.venv/.ready: requirements/cpu.lock pyproject.toml
	@echo "installing $$(grep -c == $<) packages into .venv, a minute or two ..."
	@$(PYTHON) -m venv .venv
	@$(PIP) --no-deps -r $<
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@
	@echo "installed: .venv is ready"

demo: setup ## evaluate a model on DIALOGUES phantom dialogues (default 200), end to end
	@test -f $(DATA)/dataset.json || $(BIN)/imcbench dataset build-phantom $(DATA) --dialogues $(DIALOGUES) --seed $(SEED)
	@$(BIN)/imcbench run --config conf/demo.yaml dataset.uri=$(DATA) model.source=$(MODEL)

full: ## the demo on all 8,000 dialogues
	$(MAKE) demo DIALOGUES=8000

nightly: setup ## the checkpoints of conf/nightly.yaml on 500 dialogues, each gated; leaderboard
	@test -f data/phantom-500/dataset.json || $(BIN)/imcbench dataset build-phantom data/phantom-500 --dialogues 500
	@$(BIN)/imcbench nightly --config conf/nightly.yaml

test: setup lint browser ## lint, types and all tests but the faults
	$(BIN)/python -m pytest -m "not faults"

test-faults: setup ## every fault of docs/reliability.md caused on purpose; minutes
	$(BIN)/python -m pytest tests/faults

browser: ## Chromium and axe-core for the tests of the report's page; needs root once
	@sh tests/browser/install.sh || echo "no Chromium: the browser tests will be skipped"

screenshots: setup browser ## pictures for the README, of the report that RUN holds (report --against)
	@test -d "$(RUN)/report" || (echo "RUN=<run directory with a report> is needed"; exit 2)
	$(BIN)/python -m tests.browser.screenshots $(RUN) docs/screenshots

families: setup build/families/.ready ## tiny checkpoints of each family on each backend, docs/models.md; minutes
	$(BIN)/python -m tests.families.matrix $(FAMILIES)

# What some processors need. Beside PyTorch's CPU build torchvision imports only with
# tests/families/torchvision_operators, so none of it goes into .venv.
build/families/.ready: requirements/families.lock
	@rm -rf $(@D)
	@$(PIP) --no-deps --target $(@D) -r $<
	@touch $@

lint: setup ## formatting, rules and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: setup ## throughput against the engine's bound, lock-step rounds and one dialogue at a time
	@test -f data/phantom-500/dataset.json || $(BIN)/imcbench dataset build-phantom data/phantom-500 --dialogues 500
	$(BIN)/python -m benchmarks.throughput dataset.uri=data/phantom-500 model.source=$(MODEL)

bench-scoring: setup ## seconds and memory to score 8,000 dialogues
	$(BIN)/python -m benchmarks.scoring

gaming: setup ## what answering strategies that ignore the images score on the phantom
	$(BIN)/python -m benchmarks.gaming

claims-report: setup ## precision and recall of claim extraction on the labelled sentences
	$(BIN)/python -m benchmarks.claims.report

lock: ## resolve the lock files again (needs uv)
	uv pip compile --python-version 3.11 --no-header --no-annotate --override requirements/cpu.overrides $(UV_FLAGS) requirements/cpu.in -o requirements/cpu.lock
	uv pip compile --python-version 3.11 --no-header --no-annotate $(UV_FLAGS) requirements/gpu.in -o requirements/gpu.lock

clean: ## remove what was built: environment, data, models, runs, caches
	rm -rf .venv data models runs build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
