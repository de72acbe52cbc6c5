# Every command of the project. `make help` explains them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
# Seconds that each fuzz target runs in `make test`; `make soak` takes longer.
FUZZ_SECONDS ?= 20

.PHONY: help run test test-rust test-flink fuzz soak bench fmt lint build

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: ## Build, then show a live demo: the top auctions of ever new ten-second windows
	$(CARGO) run --release --quiet -p oceanus -- run examples/demo.sql

build: ## Build the release binary
	$(CARGO) build --release -p oceanus

test: lint test-rust fuzz test-flink ## Everything that must pass before a change lands

test-rust: ## All Rust tests, SQL cases included
	$(CARGO) test --workspace --no-fail-fast

test-flink: ## Run the SQL cases on real Flink and compare with the rows kept beside them
	tests/oracle/refresh --check

fuzz: ## Fuzz each target for FUZZ_SECONDS (20)
	fuzz/run $(FUZZ_SECONDS)

soak: ## The long forms: five minutes a fuzz target, and the SQL cases under many more schedules
	fuzz/run 300
	OCEANUS_TEST_SEEDS=200 $(CARGO) test --release -p tests --test sql

bench: ## The same SQL on the same files, on Flink and on Oceanus
	$(CARGO) run --release -p bench -- compare

fmt: ## Format the code
	$(CARGO) fmt --all

lint: ## Check format and lints
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
