# `make` lists all commands of this project.
.DEFAULT_GOAL := help
SHELL := /bin/bash
# The project's own Node 24 and tools come first in PATH, so that the version of the installed Node does not matter.
# WITH_NODE= is the path of another Node to use: `make test WITH_NODE=/tmp/node22/node_modules/.bin/node`.
ifneq ($(WITH_NODE),)
OLDEST_NODE := 'const [major, minor] = process.versions.node.split("."); major > 22 || (major == 22 && minor >= 19)'
ifneq ($(notdir $(WITH_NODE)) $(shell '$(WITH_NODE)' -p $(OLDEST_NODE) 2> /dev/null),node true)
$(error WITH_NODE=$(WITH_NODE): give the path of a file named node, with Node 22.19 or later)
endif
endif
export PATH := $(if $(WITH_NODE),$(dir $(abspath $(WITH_NODE))):)$(CURDIR)/node_modules/.bin:$(PATH)
VERSION := $(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' package.json)
IMAGE ?= ghcr.io/toolhive-scaling/toolhive-scaling:$(VERSION)

help: ## List the commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z0-9-]*:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# npm writes this file itself, so a manual install also counts.
node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

install: node_modules/.package-lock.json dist/main.js ## Install the packages and Node 24, and compile the command

# `npm ci` compiles too. This rule compiles again after a change.
dist/main.js: $(shell find src -name '*.ts') tsconfig.json tsconfig.build.json package.json | node_modules/.package-lock.json
	rm -rf dist && tsc --project tsconfig.build.json && chmod +x dist/main.js && touch dist/main.js

demo: install ## Run a demo on a real API server; ONCE=1 ends by itself and fails if a check fails
	@node demo/main.ts $(if $(ONCE),--once)

UNIT_TESTS = 'test/unit/**/*.test.ts' 'endurance/**/*.test.ts'
TESTS = $(UNIT_TESTS) 'test/e2e/**/*.test.ts'
# Each worker starts its own control plane, which is mostly idle.
E2E_JOBS ?= 3

unit: install ## Run the tests that need no API server, in parallel (a minute); WITH_NODE= selects another Node
	@mocha --parallel --jobs 4 $(UNIT_TESTS)

test: install ## Run the unit tests and test/e2e, with a real API server (7 minutes); the last line is the count
	@mocha --parallel --jobs $(E2E_JOBS) $(TESTS)

fuzz: install ## Search for inputs that violate an invariant, for MINUTES=10; TARGET= and SEED= repeat a search
	@nice node endurance/fuzz/main.ts

e2e-operator: install ## Test with the real ToolHive operator, built once (Go); SETTLED_SECONDS= is the required time without writes
	mocha --no-config --timeout 600000 --reporter ./test/harness/reporter.ts endurance/matrix/cell.e2e.ts 'endurance/real-operator/*.e2e.ts'

matrix: install ## Test operators v0.12.5 to v0.63.0 on Kubernetes 1.30 to 1.36, built once (Go; 40 minutes), and write docs/operators.md; OPERATORS=v0.47.0,v0.63.0 KUBERNETES=1.30,1.36 select cells, JOBS=2 run at once
	@node endurance/matrix/main.ts

test-monitoring: install ## Test alert rules and dashboard with a real Prometheus, built once (Go)
	mocha --no-config --timeout 600000 --reporter ./test/harness/reporter.ts 'endurance/monitoring/*.e2e.ts'

e2e: install ## Test the image in a real cluster: CLUSTER=kind creates one (docker, kind), CLUSTER=existing needs KUBECONFIG= and IMAGE=
	node endurance/installed/main.ts

e2e-sessions: install ## Measure requests and sessions of real MCP clients during restarts, with and without the product (Go); as e2e, and BUILD_IMAGE= TOOLHIVE= SHORT=1
	node endurance/sessions/main.ts

e2e-cert-manager: install ## Test with the real cert-manager, built once (Go)
	mocha --no-config --timeout 600000 --reporter ./test/harness/reporter.ts 'endurance/cert-manager/*.e2e.ts'

check: install ## Check types, format, lint, the lock file, retired words and generated files
	tsc --noEmit
	biome check --error-on-warnings .
	node scripts/manifests.ts --check
	node scripts/lock-check.ts
	node scripts/words.ts

format: install ## Format the code, and apply the automatic fixes of the linter
	biome check --write .

manifests: install ## Generate manifests/crds/ and manifests/chart/files/
	node scripts/manifests.ts

golden: install ## Generate the expected output of test/cases/ and parts of docs/; review the diff
	node test/cases/golden.ts

certs: install ## Create certificates, and an overlay that installs with them; FLAGS=--help lists the options
	node certs/make.ts $(FLAGS)

control-plane: install ## Find, download or build the API server for tests and demo
	node test/harness/control-plane/main.ts

bench: install ## Measure performance and write docs/performance.md (h2load; 9 minutes); PARTS=https selects parts, SHORT=1 is a trial of 2 minutes without a record
	node endurance/bench/main.ts $(PARTS)

bench-peers: install ## Compare HTTPS performance with Pepr and controller-runtime, built once (h2load, npm, Go; 4 minutes); SHORT=1 as for bench
	node endurance/bench/main.ts peers

bench-reconcile: install ## Measure the reconciler with 10 to 1,000 servers (5 minutes); SHORT=1 as for bench
	node endurance/bench/main.ts reconcile

bench-review: install build ## Measure the start time and the throughput of review (4 minutes); SHORT=1 as for bench
	node endurance/bench/main.ts review

bench-restarts: install ## Measure rolling restarts and certificate renewal under load (8 minutes); needs KUBECONFIG=, and IMAGE= on the nodes
	node endurance/bench/restarts.ts

bench-hostile: install build ## Measure the rate of an ordinary client during attacks on the webhook port (8 minutes); SHORT=1 as for bench
	MAIN=dist/main.js node endurance/bench/main.ts hostile

endurance: install ## Run soak, chaos, fuzz and bench-hostile, also if one of them fails (40 minutes)
	@$(MAKE) --keep-going soak chaos fuzz bench-hostile

chaos: install ## Disturb the environment of the product under load, and compare the stored objects (7 minutes); SEED= ONLY=; SHORT=1 takes a minute
	@node endurance/chaos/main.ts

soak: install ## Run load and disturbances for MINUTES=10, and check for growth, such as memory; SEED=
	@node endurance/soak/main.ts

mutation: install ## Plant faults in src, and list those that no unit test notices; FAULTS=150 SEED=1 ONLY=policy/replicas JSON=file
	@node --disable-warning=ExperimentalWarning scripts/mutation.ts --faults=$(or $(FAULTS),150) --seed=$(or $(SEED),1) --only='$(ONLY)' --json='$(JSON)'

audit: ## Check runtime packages for known vulnerabilities, with the npm registry
	npm audit --omit=dev

coverage: install ## Run all tests, and list the lines that no test reaches
	c8 mocha $(TESTS)

build: install ## Compile to dist/

image: ## Build the container image (docker); IMAGE= sets its name
	docker build $(LABELS) --tag $(IMAGE) .

# Values for the labels of the image. REVISION ends in -dirty if files were changed.
LABELS = --build-arg VERSION=$(VERSION) \
	--build-arg REVISION=$(shell git describe --always --abbrev=40 --exclude='*' --dirty=-dirty 2>/dev/null || echo unknown)

.PHONY: help install demo unit test test-monitoring e2e-operator matrix e2e e2e-sessions e2e-cert-manager check format manifests golden certs control-plane bench bench-peers bench-reconcile bench-review bench-restarts bench-hostile endurance fuzz chaos soak mutation audit coverage build image

# The commands that .github/workflows/release.yaml calls. Their output is in release/.
.PHONY: release-check release-image release-files package test-package

release-check: install ## Check that all files have the same version; TAG=v1.2.3 also checks whether this tag may be released
	@node scripts/release-check.ts $(TAG)

release-image: ## Build the image for both platforms, with SBOM and provenance, as a file (docker buildx); PUSH=1 pushes it instead
	mkdir -p release
	docker buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max $(LABELS) --tag $(IMAGE) \
		--metadata-file release/image.json $(if $(PUSH),--push,--output type=oci,dest=release/image.tar) .

# The digest of the image from release-image, unless DIGEST= is given.
DIGEST ?= $(shell node -p 'JSON.parse(fs.readFileSync("release/image.json"))["containerimage.digest"]' 2>/dev/null)

release-files: package ## Create install.yaml with the image digest, the chart, checksums and notes (kubectl, helm); DIGEST= of another image
	@[[ "$(DIGEST)" =~ ^sha256:[0-9a-f]{64}$$ ]] || { echo 'release-files: the image has no digest; run make release-image first, or set DIGEST=sha256:…' >&2; exit 2; }
	kubectl kustomize manifests | sed 's|image: $(IMAGE)$$|&@$(DIGEST)|' > release/install.yaml
	grep -q 'image: $(IMAGE)@$(DIGEST)$$' release/install.yaml
	helm package manifests/chart --destination release
	awk '/^## / { on = $$2 == "$(VERSION)" || $$2 == "$(VERSION)," } on' CHANGELOG.md > release/notes.md
	cd release && sha256sum install.yaml toolhive-scaling-$(VERSION).tgz > SHA256SUMS

package: build ## Create the npm package for publication
	node scripts/package.ts
	npm pack ./release/npm --pack-destination release/npm --loglevel=error

test-package: package ## Run all tests with the installed npm package; WITH_NODE= selects another Node
	@node --version
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	npm install --prefix "$$folder" --engine-strict --loglevel=error release/npm/toolhive-scaling-$(VERSION).tgz && \
	MAIN="$$folder/node_modules/toolhive-scaling/dist/main.js" mocha --parallel --jobs $(E2E_JOBS) $(TESTS)
