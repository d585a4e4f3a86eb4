# Every command of this project. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
# The project's own Node 24 and tools first, so that a machine with an older Node needs nothing by hand.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
IMAGE ?= ghcr.io/toolhive-scaling/toolhive-scaling:0.1.0

help: ## List the commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z0-9-]*:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# npm writes this file itself, so that an install by hand counts too.
node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

install: node_modules/.package-lock.json ## Install the packages, Node 24 among them

demo: install ## See it work on a real API server; ONCE=1 ends by itself and fails if a promise is broken
	@node demo/main.ts $(if $(ONCE),--once)

test: install ## Run every test; ends with the count
	@mocha

e2e-operator: install ## Beside the real ToolHive operator, which is built once (Go); SETTLED_SECONDS= sets how long it must be quiet
	mocha --no-config --timeout 600000 --reporter ./test/reporter.ts 'test/real-operator/*.e2e.ts'

test-monitoring: install ## Alert rules and dashboard with a real Prometheus, which is built once (Go)
	mocha --no-config --timeout 600000 --reporter ./test/reporter.ts 'test/monitoring/*.e2e.ts'

dashboard-picture: install ## Draw docs/dashboard.png anew: every panel with data of ten minutes under load; needs Chromium
	node scripts/dashboard-picture.ts

check: install ## Types, format, lint, and that generated files are up to date
	tsc --noEmit
	biome check --error-on-warnings .
	node scripts/manifests.ts --check

format: install ## Format the code and mend what the linter can
	biome check --write .

manifests: install ## Write manifests/crds/ from src/toolhive/schema.ts
	node scripts/manifests.ts

golden: install ## Write the expected output of test/cases/ and the generated parts of docs/ anew; look at the diff
	node test/cases/golden.ts

certs: install ## Make certificates and an overlay that installs with them; FLAGS=--help tells what more it can
	node certs/make.ts $(FLAGS)

control-plane: install ## Find or make the real API server that tests and demo use
	node test/control-plane/main.ts

bench: install ## Measure: the rules alone, and HTTPS against a bare server
	node bench/main.ts

bench-reconcile: install ## Measure how the reconciler grows from 10 to 1,000 servers (about 5 minutes)
	node bench/reconcile.ts

bench-review: install build ## Measure how long review takes to begin, and its documents a second (about 4 minutes)
	node bench/review.ts

coverage: install ## Run every test and show which lines none of them reached
	c8 mocha

build: install ## Compile to dist/
	rm -rf dist && tsc --project tsconfig.build.json

image: ## Build the container image (docker); IMAGE= names it
	docker build --tag $(IMAGE) .

.PHONY: help install demo test e2e-operator test-monitoring dashboard-picture check format manifests golden certs control-plane bench bench-reconcile bench-review coverage build image
