# One word a task. On a fresh machine Python >= 3.11 and make are enough: Node comes from PyPI.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)
export CDK_DISABLE_CLI_TELEMETRY := true
export AWS_EC2_METADATA_DISABLED := true
# Hundreds of processes run this code: each would compile it again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo model frameworks test accept proofs check templates format synth deploy-local bench lock

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## install everything the project needs into .venv and node_modules

$(VENV)/.ready: requirements-dev.txt package-lock.json pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed, got %d.%d" % sys.version_info[:2])'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements-dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	npm ci --silent
	@# jsii builds its index of aws-cdk-lib in the background; a short first run never finishes it.
	(CDK_VALIDATION=false $(BIN)/python -c "import aws_cdk, time; aws_cdk.App(); time.sleep(8)" >/dev/null 2>&1 &)
	touch $@

demo: setup ## release good, broken and slow versions of a real model on this machine
	$(BIN)/tidegate demo

model: setup ## train the example project's model: build/flights/v1
	$(BIN)/python -m examples.flights.train --version v1 --output build/flights/v1

FRAMEWORKS ?= onnx tensorflow xgboost

frameworks: setup $(FRAMEWORKS:%=build/frameworks/%/.ready) ## Pythons with ML frameworks, their examples trained and served (2 GB; not part of make test)
	$(BIN)/python -m examples.frameworks.train --framework features --framework scikit-learn $(FRAMEWORKS:%=--framework %) --output build/trained
	$(BIN)/pytest -q -m frameworks tests/e2e/test_framework_stories.py

build/frameworks/%/.ready: examples/frameworks/requirements/%.txt
	rm -rf $(@D)
	$(PYTHON) -m venv --without-pip $(@D)
	$(BIN)/uv pip install -q --python $(@D)/bin/python --require-hashes -r $<
	touch $@

test: setup ## the everyday tests (< 5 minutes on 2 cores)
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not accept and not frameworks"

accept: setup ## every story, the real CDK command line, long runs (< 40 minutes)
	$(BIN)/pytest -n 2 --dist loadfile -m accept --timeout=1800 --requests-at-least=10000

proofs: setup ## prove least privilege again: keep the proofs, and the page made of them
	$(BIN)/pytest -n 2 --dist loadfile -m accept --timeout=1800 --write-proofs tests/e2e/test_*privilege*.py
	$(BIN)/pytest -q --write-proofs tests/synth/test_privileges.py

check: setup ## lint, types, architecture, generated pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m emulator.cloudformation.types_page --check docs/reference/embedded-cloud-types.md

templates: setup ## every offline check of the example project's templates
	$(BIN)/tidegate check

format: setup ## format the code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

synth: setup ## the templates of the example project, in cdk.out
	cdk synth --quiet

deploy-local: setup ## deploy the example project to an embedded cloud that keeps running
	$(BIN)/tidegate up
	$(BIN)/tidegate deploy

bench: setup ## measure: InvokeEndpoint, synth, judge
	$(BIN)/python -m bench

lock: ## compile the requirements again (needs the package registries)
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --extra test pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --extra test --extra tools pyproject.toml -o requirements-dev.txt -c requirements.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 cli/review/requirements.in -o cli/review/requirements.txt -c requirements-dev.txt
	for name in onnx pytorch tensorflow xgboost; do $(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 examples/frameworks/requirements/$$name.in -o examples/frameworks/requirements/$$name.txt; done
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --group sagemaker -o requirements-sagemaker.txt
