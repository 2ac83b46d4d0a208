# Each target makes its own environment in .venv; nothing has to be set or activated.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready

.PHONY: help demo test lint bench record clean

help:
	@echo "make demo   fill a bank and grade an answer, with no model and no key"
	@echo "make test   lint, strict types and all tests"
	@echo "make lint   lint and strict types alone"
	@echo "make bench  the measurements in benchmarks/"
	@echo "make record record the cassettes again, from the tests' own server"
	@echo "make clean  remove what the others made"

# A half-made environment has no .ready and is made again.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "dlgrade needs Python 3.11 or later; name one with: make PYTHON=/path/to/python3 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || \
		{ echo "$(PYTHON) cannot make environments; on Debian: apt install python3-venv"; exit 1; }
	@echo "Installing dlgrade into $(VENV) …"
	@$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

demo: $(READY)
	@mkdir -p build
	@echo '$$ dlgrade fill questions/general.md --out build'
	@$(RUN) -m dlgrade fill questions/general.md --out build --model offline
	@echo
	@echo '$$ dlgrade grade general:2 tests/samples/answers/dropout.md'
	@$(RUN) -m dlgrade grade general:2 tests/samples/answers/dropout.md --model offline
	@echo
	@echo 'The filled bank is build/general.md. See the 17 answers with:'
	@echo '  git diff --no-index questions/general.md build/general.md'

test: lint
	@$(RUN) -m pytest -n auto

lint: $(READY)
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

bench: $(READY)
	@broken=0; for measure in benchmarks/bench_*.py; do $(RUN) "$$measure" || broken=1; done; exit $$broken

record: $(READY)
	DLGRADE_RECORD=loopback $(RUN) -m pytest tests/test_recordings.py \
		tests/test_attacks.py::test_by_no_recorded_reply_does_an_attack_earn_more_than_the_clean_answer

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
