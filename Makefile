# Everything a newcomer needs: `make demo` and `make test`. Both make their own environment in .venv.
PYTHON ?= python3
BIN := .venv/bin
.DELETE_ON_ERROR:
.PHONY: demo test test-library docs lint bench bench-peers clean

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "vrest needs Python 3.11 or newer; try: make PYTHON=python3.12 demo"; exit 1; }
	@echo "== making .venv"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/python pyproject.toml
	@echo "== installing vrest and what it needs (about a minute)"
	@$(BIN)/python -m pip install --disable-pip-version-check -e .
	@touch $@

.venv/installed-dev: .venv/installed
	@echo "== installing what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: .venv/installed
	@mkdir -p demo
	@echo "== the resting state of a mammalian neuron, explained (the first run compiles)"
	$(BIN)/vrest explain mammalian_neuron --plot demo/explained.png
	@echo "== the pump stops after 5 minutes and starts again after 25"
	$(BIN)/vrest run mammalian_neuron --at "5 min" "transports.pump.max_rate*=0" \
		--at "25 min" "transports.pump.max_rate=restore" --until "2 h" -o demo/run_down.nc --plot demo/run_down.png
	@echo "== look at demo/explained.png and demo/run_down.png"

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --level error
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-library: .venv/installed-dev
	$(BIN)/python -m pytest -m library -n 2 --dist load --maxschedchunk 23

docs: .venv/installed
	$(BIN)/python docs/gallery.py

bench: .venv/installed-dev
	$(BIN)/python benchmarks/run.py

bench-peers: .venv/installed-dev
	$(BIN)/python benchmarks/run_peers.py

clean:
	rm -rf .venv .bench demo build dist
