# The verbs of this repository. Needs python3 (3.11 or newer) and make; the rest comes by itself.
# Extra words go through ARGS, e.g. make test ARGS="-k heartbeat" or make demo ARGS="--nodes 4".

BIN := .venv/bin
ARGS ?=
WORKERS ?= 2
# Tests often wait for a cluster or a screen: more workers than cores keep the cores busy.
TESTERS ?= 4

# A cluster is many short-lived processes: each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo lab compare test check simulate survival fuzz exhaustive mutants faults pictures bench documents format lock clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' Makefile | column -t -s '|' 2>/dev/null || \
		sed -n 's/^\([a-z]*\):.*## /  make \1 - /p' Makefile

setup:  ## .venv with everything that is locked
	@.ci/venv

demo: setup  ## a real cluster on this machine, with the console on it
	@exec $(BIN)/clustertui demo $(ARGS)

lab: setup  ## three hosts in namespaces (root), and the console; ARGS=--headless tells a story
	@exec $(BIN)/python -m tests.lab $(ARGS)

compare: setup  ## the same work here, on pacemaker and on keepalived; ARGS="--rounds 1" is quick
	@exec $(BIN)/python -m tests.lab.compare $(ARGS)

test: setup  ## everything that can be checked here
	@exec .ci/test -n $(TESTERS) --dist loadgroup $(ARGS)

check: setup  ## style, types and the walls between the rooms
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "make format mends this"; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache --no-logo >.lint-imports.log 2>&1 || { cat .lint-imports.log; exit 1; }
	@echo "check: style, types and import walls hold"

simulate: setup  ## seeded faults against the core, e.g. make simulate SCHEDULES=1000000
	@exec $(BIN)/python -m tests.simulation --schedules $(or $(SCHEDULES),20000) --workers $(WORKERS) $(ARGS)

survival: setup  ## every single and double failure against what a preview says of it
	@exec $(BIN)/python -m tests.simulation.survival $(ARGS)

exhaustive: setup  ## every single fault against one DARE of each kind, about 5,000 cases
	@exec $(BIN)/python -m tests.simulation.exhaustive $(ARGS)

mutants: setup  ## break the core on purpose, and see which schedule notices
	@exec $(BIN)/python -m tests.simulation.mutants $(ARGS)

faults: setup  ## real agents, every step of a DARE under every fault, e.g. make faults ARGS="--step lock"
	@exec $(BIN)/python -m tests.faults $(ARGS)

fuzz: setup  ## random bad input by number, e.g. make fuzz COUNT=50000
	@exec $(BIN)/python -m tests.fuzz --count $(or $(COUNT),400000) $(ARGS)

pictures: setup  ## screenshots/ made anew
	@exec $(BIN)/python -m tests.support.pictures $(ARGS)

bench: setup  ## figures, each beside its limit
	@exec $(BIN)/python -m tests.benchmarks $(ARGS)

documents: setup  ## the made parts of README and ARCHITECTURE, and the JSON Schema
	@$(BIN)/python -m tests.support.documents
	@$(BIN)/python -m nodeagent.config.schema >configs/.schema.new && mv configs/.schema.new configs/cluster.schema.json

format: setup  ## formatted, and what can be mended mended
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

lock: setup  ## requirements.lock after a change of dependencies
	@.ci/lock

clean:  ## away with all that can be made again
	@rm -rf .venv .venv.lock .lint-imports.log .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist snapshot_report.html
	@find nodeagent tui tests -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
