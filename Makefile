# The short names for what is done every day. Each is one command that you can also type yourself.
# WORKSPACE=../shop: an app's own repository with a groundwork.yml (docs/workspace.md)
ifdef WORKSPACE
export GROUNDWORK_WORKSPACE := $(WORKSPACE)
endif

.PHONY: help dev status down test lint unit integration molecule bench examples reference vault lock

help: ## Show this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 14

dev: .venv/ready ## Bring the whole stack up on this machine
	.venv/bin/ansible-playbook playbooks/dev.yml

status: .venv/ready ## Show what runs, and what `make dev` would do
	.venv/bin/ansible-playbook playbooks/status.yml

down: .venv/ready ## Stop the stack; the data stay
	.venv/bin/ansible-playbook playbooks/down.yml

test: lint unit integration ## Run every check and test
	$(MAKE) molecule SCENARIOS="default stack images docker schema"

lint: .venv/ready-dev ## Check style and types, without Docker
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy
	.venv/bin/mypy --python-version 3.10 library/module_utils library/modules # Ubuntu 22.04's
	.venv/bin/yamllint --strict .
	PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/ansible-lint --offline

unit: .venv/ready-dev ## Run the tests that need no Docker
	.venv/bin/pytest tests/unit tests/contracts
	.venv/bin/pytest -c images/qdrant/pyproject.toml images/qdrant # the gateway, a program of its own

integration: .venv/ready-dev ## Run the tests against the real engine and services
	.venv/bin/pytest -n 2 --dist loadfile tests/integration # as root: an ordinary user, see tools/as_user.py
	.venv/bin/pytest tests/root

# `make test` leaves out those of the shared machine (staging, sharing, secrets, hardening, backup)
molecule: .venv/ready-dev ## Test the roles on hosts of their own, in containers
	.venv/bin/python tools/scenarios.py $(SCENARIOS)

bench: .venv/ready-dev ## Measure against the same work by hand
	.venv/bin/python tools/bench.py
	.venv/bin/python tools/bench_staging.py

examples: .venv/ready ## Render the .env.example files from the inventory
	.venv/bin/ansible-playbook playbooks/examples.yml

reference: .venv/ready ## Write docs/variables.md from the roles
	.venv/bin/python tools/reference.py

vault: .venv/ready ## Make the passwords of the group staging (or GROUP=…), encrypted; NEW=redis renews one
	.venv/bin/python tools/vault.py $(GROUP:%=--group %) $(NEW:%=--new %)

lock: .venv/ready ## Resolve the requirements*.in files into requirements*.txt
	tools/lock

# Completed when the requirements change; made anew when the directory moved
ifneq ($(shell cat .venv/directory 2>/dev/null),$(CURDIR))
MOVED := moved
.PHONY: moved
moved:
endif

# What runs Groundwork
.venv/ready: requirements.txt tools/requirements-uv.txt tools/venv tools/install.py tools/start.py $(MOVED)
	tools/venv

# What tests it, besides
.venv/ready-dev: .venv/ready requirements-dev.txt
	tools/venv --dev
