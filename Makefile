# The commands of the portal; `make help` lists them.
#
# Everything is made inside the checkout, in .venv/, node_modules/, static/vendor/,
# .cache/ and var/, none of which git holds. Plain GNU make 3.81 and a POSIX shell do.

SHELL = /bin/sh
PORT ?= 8000
N ?=
ARGS ?=
PYTHON ?=
export PORT N ARGS PYTHON

.DEFAULT_GOAL = help
.PHONY: help demo setup test lint format bench messages lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

demo: ## set up and serve the demo portal at http://127.0.0.1:8000/ (PORT=8001)
	@sh scripts/setup.sh portal
	@sh scripts/demo.sh

setup: ## make .venv/ and all that a checkout needs (PYTHON=/path/to/python3.13)
	@sh scripts/setup.sh development

test: ## run every test on SQLite and on PostgreSQL (ARGS="-k upgrade")
	@sh scripts/setup.sh development
	@.venv/bin/python -m scripts.browser
	@.venv/bin/python -m scripts.test $(ARGS)

lint: ## check format, rules, types, layers, templates, translations and settings
	@sh scripts/setup.sh development
	@.venv/bin/python -m scripts.lint $(ARGS)

format: ## put code and templates into shape
	@sh scripts/setup.sh development
	@.venv/bin/ruff check --fix-only --quiet .
	@.venv/bin/ruff format .

bench: ## measure the pages and commands on PostgreSQL (N=1000000)
	@sh scripts/setup.sh development
	@.venv/bin/python -m benchmarks $(ARGS)

messages: ## gather the messages to translate into locale/ and compile them
	@sh scripts/setup.sh development
	@.venv/bin/python -m scripts.messages update
	@.venv/bin/python -m scripts.messages compile

lock: ## choose package versions anew and write requirements/ and package-lock.json
	@sh scripts/setup.sh development
	@sh scripts/lock.sh

clean: ## delete all that was made here, the demo's database too
	rm -rf .venv .cache node_modules static/vendor var
