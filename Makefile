# `make` alone says what there is. Everything is installed into .venv, at the versions that the locks pin.
#
#   PORT=9000 make run                     any setting of docs/settings.md, from the environment or .env
#   make test ARGS="tests/web -k vote"     some tests; ARGS goes to pytest
#   make run PYTHON=/path/to/python3       another Python than the one that is found

PY = .venv/bin/python
# Four processes, because many tests wait, and three where most start servers; the tests of one file stay together.
# `make test PARALLEL=` runs them in one.
PROCESSES = 4
PARALLEL = -n $(PROCESSES) --dist loadfile --no-loadscope-reorder
PYTEST = PATH="$(CURDIR)/.venv/bin:$$PATH" $(PY) -m pytest
# The two tiers; tests/README.md says what is in which. ARGS in their place names other tests.
FAST = -m "fast and not long" --durations 30 tests/rules tests/contexts tests/web tests/house tests/engines tests/browser
REST = -m "not fast and not long" --durations 30 tests/browser tests/cli tests/concurrency tests/deploy tests/engines tests/house tests/promises tests/providers
ON_POSTGRESQL = -m "not long" --durations 30 tests/concurrency tests/contexts tests/promises tests/web
# The formatter and linter of scripts.
BIOME = PATH="$(CURDIR)/.venv/bin:$$PATH" tools/javascript/node_modules/.bin/biome
SCRIPTS = --config-path=tools/javascript static/js tests
ARGS =

# Compiled modules are kept, whatever the environment says: without them every server and command that a test starts
# compiles the whole product again.
export PYTHONDONTWRITEBYTECODE =
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL = help
.PHONY: help run test test-all contract contract-files contract-tracker long check format bench lock settings doctor vendor clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start Faceup on this machine: installs, migrates, prints the address
	@bin/venv run
	@exec $(PY) -m poker_app.serve --migrate

test: ## Run the tests that a change needs, in a real browser too (5 minutes); installs what they need
	@bin/venv dev
	@bin/browser >/dev/null
	@bin/node tests/engines
	$(PYTEST) $(PARALLEL) $(or $(ARGS),$(FAST))

test-all: PROCESSES = 3
test-all: ## Run all other tests: PostgreSQL, every engine, deployments, every browser story (20 minutes)
	@bin/venv dev
	@bin/browser >/dev/null
	@bin/node tests/engines tests/deploy tests/providers tests/uploadthing
	@bin/pushpin
	@bin/browsers >/dev/null
	$(PYTEST) $(PARALLEL) $(REST) $(ARGS)
	DATABASE_URL=postgresql:// $(PYTEST) $(PARALLEL) $(ON_POSTGRESQL) $(ARGS)

contract: ## Hold an engine outside to the contract: CONTRACT_HOST, _KEY and the others of docs/realtime.md
	@test -n "$$CONTRACT_HOST" || { echo "make contract needs CONTRACT_HOST, CONTRACT_APP_ID, CONTRACT_KEY and CONTRACT_SECRET." >&2; exit 2; }
	@bin/venv dev
	@bin/browser >/dev/null
	@bin/node
	$(PYTEST) tests/engines/test_contract.py $(ARGS)

contract-files: ## Hold a store of files outside to the contract, by FILES and its settings; docs/files.md
	@test -n "$$FILES" || { echo "make contract-files needs FILES and that store's settings." >&2; exit 2; }
	@bin/venv dev
	CONTRACT_FILES=1 $(PYTEST) tests/engines/test_file_stores.py $(ARGS)

contract-tracker: ## Hold a real tracker to the contract: CONTRACT_TRACKER and the others of docs/trackers.md
	@test -n "$$CONTRACT_TRACKER" || { echo "make contract-tracker needs CONTRACT_TRACKER, its credentials, CONTRACT_PROJECT and CONTRACT_ISSUE." >&2; exit 2; }
	@bin/venv dev
	$(PYTEST) tests/engines/test_trackers_outside.py $(ARGS)

long: ## Run the long versions of the promises' tests, and search for inputs that break a property
	@bin/venv dev
	@bin/browser >/dev/null
	@bin/node
	$(PYTEST) -m "long or hypothesis" --hypothesis-profile search --timeout 1800 $(ARGS)
	DATABASE_URL=postgresql:// $(PYTEST) -m long --timeout 3600 tests/concurrency/test_two_processes.py

check: ## Format, lint, types, import contract, templates, scripts, locks, vendored files, migrations
	@bin/venv dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo
	$(PY) -m djlint --lint --quiet templates
	@bin/node tools/javascript
	$(BIOME) ci $(SCRIPTS)
	$(PY) bin/lock --check
	$(PY) bin/vendor --check
	$(PY) -m poker_app.cli check-migrations

format: ## Put the code into the form that `make check` asks for
	@bin/venv dev
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .
	@bin/node tools/javascript
	$(BIOME) check --write $(SCRIPTS)

bench: ## Measure speed, beside a server that only forwards and the release in BENCH_BASE; docs/measuring.md
	@bin/venv dev
	$(PY) -m bench $(ARGS)

lock: ## Remake the locks from pyproject.toml (ARGS=--upgrade raises them)
	@bin/venv run
	$(PY) bin/lock $(ARGS)

settings: ## Print the table of settings in docs/settings.md
	@bin/venv run
	@$(PY) -m poker_app.cli settings

doctor: ## Say what is wrong with this deployment, and what to do about it
	@bin/venv run
	@$(PY) -m poker_app.cli doctor

vendor: ## Fetch the vendored browser libraries and fonts again, at the versions in bin/vendor
	@bin/venv run
	@bin/node
	PATH="$(CURDIR)/.venv/bin:$$PATH" $(PY) bin/vendor

clean: ## Remove .venv and every cache; the data in instance/ stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
