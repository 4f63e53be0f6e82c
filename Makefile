# rollcall: every target makes the environment itself when it is missing.
.PHONY: venv demo score test deep lint accuracy bench bench-splink requests memory crash soak lock clean
PYTHON ?= python3
BIN := .venv/bin
SEED ?= 7
SEEDS ?= 20
PEOPLE ?= 5000
NIGHTS ?= 200
PROFILES ?= 1000000
OUT ?= demo
# one more than cores, since tests wait for servers now and then; the long ones, which stand first, begin first
ABREAST := -n 3 --dist loadfile --no-loadscope-reorder
export PYTHONDONTWRITEBYTECODE = 1
# nothing in the tests multiplies matrices: more threads than one only wait for work, and take time at it
test deep crash: export OPENBLAS_NUM_THREADS = 1

venv: .venv/ready  ## the environment, in .venv

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: venv  ## the whole job on simulated vendors: three nights, a score and a report
	$(BIN)/rollcall demo --seed $(SEED) --people $(PEOPLE) --out $(OUT)

score: venv  ## the same for many seeds, smaller groups, scores only
	$(BIN)/rollcall demo --seed $(SEED) --people 1500 --seeds $(SEEDS) --out $(OUT)/score

test: venv lint  ## everything that must hold before a change lands
	$(BIN)/python -m pytest $(ABREAST)

deep: venv  ## all tests, with every variation and the longest inputs
	ROLLCALL_LONG=1 $(BIN)/python -m pytest $(ABREAST) -m "deep or not deep"

lint: venv  ## style, types and the walls between rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

crash: venv  ## the long crash sweep: every action, every point, both databases; the disk full and read-only
	ROLLCALL_CRASH=long $(BIN)/python -m pytest -n 2 -m "deep or not deep" tests/crash tests/night/test_night_crash.py tests/night/test_night_killed.py

accuracy: venv  ## how right the matching is, and how far its probabilities can be believed, where the truth is known
	$(BIN)/python -m tests.accuracy --people 10000

bench: venv  ## a million profiles from sealed snapshots to findings; writes docs/benchmarks.md
	$(BIN)/python -m tests.bench.night --write docs/benchmarks.md

bench-splink: venv  ## entities of a million profiles beside splink 5, which is installed in an environment of its own in the cache
	$(BIN)/python -m tests.bench.entities --profiles $(PROFILES)

requests: venv  ## requests of a full export of 50,000 profiles per vendor; writes its table in docs/connectors.md
	$(BIN)/python -m tests.bench.requests --write docs/connectors.md

memory: venv  ## peak memory of a pull of 50,000 and of 500,000 profiles; writes its table in docs/connectors.md
	$(BIN)/python -m tests.bench.pull_memory --write docs/connectors.md
	$(BIN)/python -m tests.bench.vendor_memory --write docs/connectors.md

soak: venv  ## two hundred nights under random faults, each held to the laws; a failing seed plays again
	$(BIN)/python -m tests.simulation.soak --nights $(NIGHTS) --seed $(SEED)

lock:  ## pin the newest versions, with hashes and without addresses
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet pip-tools
	.venv-lock/bin/pip-compile --quiet --upgrade --extra test --generate-hashes --allow-unsafe --strip-extras --no-header \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.lock requirements.in pyproject.toml
	rm -rf .venv-lock

clean:  ## what the other targets made
	rm -rf .venv $(OUT) build *.egg-info
