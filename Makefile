# Every command of the project. `make help` explains them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
# Seconds that each fuzz target runs in `make test`; `make soak` takes longer.
FUZZ_SECONDS ?= 20
# Random queries compared with DuckDB.
RANDOM_SEEDS ?= 200

# The console is built first where there is npm; a binary built without it serves a page that says so.
CONSOLE := $(if $(shell command -v npm),web)

.PHONY: help run test test-rust test-flink test-random test-web fuzz soak bench fmt lint build web screenshots

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(CONSOLE) ## Build, then start the platform on http://127.0.0.1:8180 with a live demo in it
	$(CARGO) run --release --quiet -p oceanus -- serve --single-user --demo

build: $(CONSOLE) ## Build the release binary
	$(CARGO) build --release -p oceanus

test: lint test-rust test-random test-web fuzz test-flink ## Everything that must pass before a change lands

test-rust: ## All Rust tests, SQL cases included
	$(CARGO) test --workspace --no-fail-fast

test-random: ## Random queries beside DuckDB, RANDOM_SEEDS (200) of them
	tests/random/run $(RANDOM_SEEDS)

test-flink: ## Run the SQL cases on real Flink and compare with the rows kept beside them; check the JAR that runs SQL there
	java/runner/build --check
	tests/oracle/refresh --check

test-web: web ## Everything of the console: lints, types, units, and its stories in a browser against the real server
	web/e2e/test

fuzz: ## Fuzz each target for FUZZ_SECONDS (20)
	fuzz/run $(FUZZ_SECONDS)

soak: ## The long forms: five minutes a fuzz target, many more schedules, random queries and simulated lives, flat memory, hundreds of kills
	fuzz/run 300
	OCEANUS_TEST_SEEDS=200 $(CARGO) test --release --workspace --test sql
	tests/random/run 2000
	$(CARGO) run --release -p bench -- flat
	OCEANUS_TEST_SEEDS=10000 $(CARGO) test --release --workspace --test faults
	OCEANUS_TEST_KILLS=100 $(CARGO) test --release --workspace --test kills -- --nocapture
	OCEANUS_TEST_KILLS=200 $(CARGO) test --release --workspace --test all -- recovery kafka

bench: ## The same SQL on the same files and topics, on Flink and on Oceanus; jobs with much state, and with lookups; the platform under load
	$(CARGO) run --release -p bench -- compare
	$(CARGO) run --release -p bench -- kafka
	$(CARGO) run --release -p bench -- state
	$(CARGO) run --release -p bench -- spill
	$(CARGO) run --release -p bench -- lookups
	$(CARGO) run --release -p bench -- platform

fmt: ## Format the code
	$(CARGO) fmt --all

lint: ## Check format and lints
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

web: web/dist/index.html ## Build the console, unless it is up to date

screenshots: web ## Leave pictures of every page, in every state, light and dark, in web/screenshots
	cd web && SCREENSHOTS=screenshots npm run --silent pages

# Left by npm when it has installed what the lock file names.
INSTALLED := web/node_modules/.package-lock.json
CONSOLE_SOURCES := $(shell find web/src web/public -type f) $(addprefix web/,index.html vite.config.ts tsconfig.json)

$(INSTALLED): web/package-lock.json web/package.json
	cd web && npm ci --silent && touch node_modules/.package-lock.json

web/dist/index.html: $(INSTALLED) $(CONSOLE_SOURCES)
	cd web && npm run --silent build -- --logLevel warn
