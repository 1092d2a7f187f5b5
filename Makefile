# Everything a newcomer needs: `make demo` and `make test`. Both make their own environment in .venv.
PYTHON ?= python3
BIN := .venv/bin
.DELETE_ON_ERROR:
.PHONY: demo test test-library test-page mutants test-versions test-lowest-direct test-highest web site-demo docs lint bench \
	bench-peers clean

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

.venv/installed-page: .venv/installed-dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[page-test]'
	@touch $@

web/node_modules: web/package.json web/package-lock.json
	@echo "== installing what builds and tests the page"
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# The page's modules and style as the package carries them; commit what changes.
web: web/node_modules
	node web/build.mjs

demo: .venv/installed
	@mkdir -p demo
	@echo "== the resting state of a mammalian neuron, explained (the first run compiles)"
	$(BIN)/vrest explain mammalian_neuron --plot demo/explained.png
	@echo "== the pump stops after 5 minutes and starts again after 25"
	$(BIN)/vrest run mammalian_neuron --at "5 min" "transports.pump.max_rate*=0" \
		--at "25 min" "transports.pump.max_rate=restore" --until "2 h" -o demo/run_down.nc --plot demo/run_down.png
	@echo "== the same neuron to play with, in one file that needs nothing but a browser"
	$(BIN)/vrest web mammalian_neuron --save demo/page.html
	@echo "== look at demo/explained.png, demo/run_down.png and demo/page.html"

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --level error
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-library: .venv/installed-dev
	$(BIN)/python -m pytest -m library -n 2 --dist load --maxschedchunk 23

# Needs node with npm, Chromium and Firefox; what is not there is skipped with what to install.
test-page: .venv/installed-page
	@if command -v npm > /dev/null; then $(MAKE) --no-print-directory web/node_modules; fi
	$(BIN)/python -m pytest -m page tests/page/browser

# A folder for any static host: a page for every cell of the library.
site-demo: .venv/installed
	$(BIN)/python docs/pages.py site

# The core of the tests with the oldest and with the newest of all that pyproject.toml asks for; newer parts of old parts
# may deprecate what those use.
CORE := tests/numerics tests/system tests/verbs/test_rest.py tests/io/test_netcdf.py tests/io/test_zarr_store.py \
	tests/plot tests/cli/test_start_up.py tests/test_units.py
test-lowest-direct: WARNINGS := -W ignore::DeprecationWarning

test-versions: test-lowest-direct test-highest

test-lowest-direct test-highest: test-%: .venv/installed-dev
	rm -rf .versions/$*
	$(BIN)/uv venv --quiet --python $(BIN)/python .versions/$*
	$(BIN)/uv pip install --quiet --python .versions/$* --resolution $* -e '.[bayes,cluster,sensitivity]'
	$(BIN)/uv pip install --quiet --python .versions/$* \
		beartype hypothesis jaxtyping mpmath psutil pytest pytest-xdist
	.versions/$*/bin/python -m pytest -n 2 --dist loadfile $(WARNINGS) $(CORE)

mutants: .venv/installed-dev
	@test -n "$(TARGET)" || { echo "name what to change, such as: make mutants TARGET=src/vrest/physics"; exit 1; }
	$(BIN)/python tests/mutation/run.py $(TARGET)

docs: .venv/installed
	$(BIN)/python docs/gallery.py
	$(BIN)/python docs/junction_picture.py

bench: .venv/installed-page
	$(BIN)/python benchmarks/run.py

bench-peers: .venv/installed-dev
	$(BIN)/python benchmarks/run_peers.py

clean:
	rm -rf .venv .versions .bench demo site build dist web/node_modules
