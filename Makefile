.DEFAULT_GOAL := help
.PHONY: help demo test unit lint bench soak environment samples servers

SAMPLES := .farandole/samples
PYTHON := .venv/bin/python
BENCHMARKS := ring loop input accelerator featurize checkpoints evaluator restart scaling near_duplicates
KILLS := 100

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 16

environment:
	@bash tools/environment.sh

demo: ## train, evaluate, explain and register the first example
	@bash tools/demo.sh

test: lint samples servers ## everything CI runs: lint, types, import rules, unit, contract and local tests
	$(PYTHON) -m pytest tests/unit tests/contract tests/local

unit: environment ## unit and contract tests: a minute, no TensorFlow
	$(PYTHON) -m pytest tests/unit tests/contract

lint: environment
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

samples: environment
	@$(PYTHON) operator/examples/fetch.py stamps fashion-mnist ames breast-cancer --into $(SAMPLES)

servers: environment
	@$(PYTHON) -m tests.support.servers minio

bench: environment ## measure every figure of speed; ONLY=ring for one, ONLY=quality for the examples
	@for name in $(or $(ONLY),$(BENCHMARKS)); do $(PYTHON) benchmarks/$$name.py || exit 1; done

soak: environment ## kill a ring KILLS times at random moments; it must end as if nobody had
	$(PYTHON) -m tests.support.soak --kills $(KILLS)
