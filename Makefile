# Every command of this project. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
# The project's own Node 24 and tools first, so that a machine with an older Node needs nothing by hand. WITH_NODE= is the path of
# another Node that comes before it: `make test WITH_NODE=$(command -v node)`.
export PATH := $(if $(WITH_NODE),$(dir $(abspath $(WITH_NODE))):)$(CURDIR)/node_modules/.bin:$(PATH)
VERSION := $(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' package.json)
IMAGE ?= ghcr.io/toolhive-scaling/toolhive-scaling:$(VERSION)

help: ## List the commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z0-9-]*:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# npm writes this file itself, so that an install by hand counts too.
node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

install: node_modules/.package-lock.json dist/main.js ## Install the packages, Node 24 among them, and compile the command

# npm's install compiles too; this is for what changed since.
dist/main.js: $(shell find src -name '*.ts') tsconfig.json tsconfig.build.json package.json | node_modules/.package-lock.json
	rm -rf dist && tsc --project tsconfig.build.json && chmod +x dist/main.js && touch dist/main.js

demo: install ## See it work on a real API server; ONCE=1 ends by itself and fails if a promise is broken
	@node demo/main.ts $(if $(ONCE),--once)

UNIT_TESTS = 'test/unit/**/*.test.ts' 'endurance/**/*.test.ts'
TESTS = $(UNIT_TESTS) 'test/e2e/**/*.test.ts'
# Each worker has a control plane of its own, which waits more than it works.
E2E_JOBS ?= 3

unit: install ## Run the tests that need no API server, in parallel (below a minute)
	@mocha --parallel --jobs 4 $(UNIT_TESTS)

test: install ## Run the unit tests, and those with a real API server; ends with the count
	@mocha --parallel --jobs $(E2E_JOBS) $(TESTS)

fuzz: install ## Search for inputs that break a promise, for MINUTES=10 in all; TARGET= and SEED= repeat one search
	@nice node endurance/fuzz/main.ts

e2e-operator: install ## Beside the real ToolHive operator, which is built once (Go); SETTLED_SECONDS= sets how long it must be quiet
	mocha --no-config --timeout 600000 --reporter ./test/harness/reporter.ts 'endurance/real-operator/*.e2e.ts'

test-monitoring: install ## Alert rules and dashboard with a real Prometheus, which is built once (Go)
	mocha --no-config --timeout 600000 --reporter ./test/harness/reporter.ts 'endurance/monitoring/*.e2e.ts'

e2e: install ## The image in pods of a real cluster: CLUSTER=kind makes one (docker, kind), CLUSTER=existing takes KUBECONFIG= and IMAGE=
	node endurance/installed/main.ts

e2e-sessions: install ## Requests and sessions of real MCP clients while proxies are replaced, without and with the product (Go); as e2e, and BUILD_IMAGE= TOOLHIVE= SHORT=1
	node endurance/sessions/main.ts

e2e-cert-manager: install ## Beside the real cert-manager, which is built once (Go)
	mocha --no-config --timeout 600000 --reporter ./test/harness/reporter.ts 'endurance/cert-manager/*.e2e.ts'

check: install ## Types, format, lint, the lock file, retired words, and that generated files are up to date
	tsc --noEmit
	biome check --error-on-warnings .
	node scripts/manifests.ts --check
	node scripts/lock-check.ts
	node scripts/words.ts

format: install ## Format the code and mend what the linter can
	biome check --write .

manifests: install ## Write manifests/crds/ from src/api/schema.ts, and manifests/chart/files/
	node scripts/manifests.ts

golden: install ## Write the expected output of test/cases/ and the generated parts of docs/ anew; look at the diff
	node test/cases/golden.ts

certs: install ## Make certificates and an overlay that installs with them; FLAGS=--help tells what more it can
	node certs/make.ts $(FLAGS)

control-plane: install ## Find or make the real API server that tests and demo use
	node test/harness/control-plane/main.ts

bench: install ## Measure, and write docs/performance.md (h2load; about 9 minutes); PARTS=https only that, SHORT=1 a try of 2 minutes that records nothing
	node endurance/bench/main.ts $(PARTS)

bench-peers: install ## Measure HTTPS beside Pepr and controller-runtime, which are built once (h2load, npm, Go; about 4 minutes); SHORT=1 as above
	node endurance/bench/main.ts peers

bench-reconcile: install ## Measure how the reconciler grows from 10 to 1,000 servers (about 5 minutes); SHORT=1 as above
	node endurance/bench/main.ts reconcile

bench-review: install build ## Measure how long review takes to begin, and its documents a second (about 4 minutes); SHORT=1 as above
	node endurance/bench/main.ts review

bench-restarts: install ## Measure rolling restarts and new certificates under load, in the cluster of KUBECONFIG= whose nodes have IMAGE= (about 8 minutes)
	node endurance/bench/restarts.ts

bench-hostile: install build ## Measure what attacks on the webhook port leave of an ordinary client's rate (about 8 minutes); SHORT=1 as above
	MAIN=dist/main.js node endurance/bench/main.ts hostile

chaos: install ## Break everything around the product while somebody works, and compare what is stored (about 8 minutes); MINUTES= SEED= ONLY=
	@node endurance/chaos/main.ts

soak: install ## Load and disturbances for MINUTES= (10) or HOURS=, and whether memory or anything else grows; SEED= PLANT=
	@node endurance/soak/main.ts

mutation: install ## Plant faults in the folders of src that scripts/mutation.ts names, one at a time, and list those that no unit test notices; FAULTS=150 SEED=1 ONLY=policy/replicas JSON=file
	@node --disable-warning=ExperimentalWarning scripts/mutation.ts --faults=$(or $(FAULTS),150) --seed=$(or $(SEED),1) --only='$(ONLY)' --json='$(JSON)'

audit: ## Known holes in what runs; asks the npm registry
	npm audit --omit=dev

coverage: install ## Run every test and show which lines none of them reached
	c8 mocha $(TESTS)

build: install ## Compile to dist/

image: ## Build the container image (docker); IMAGE= names it
	docker build $(LABELS) --tag $(IMAGE) .

# What the image says of itself: `dirty` where files were changed.
LABELS = --build-arg VERSION=$(VERSION) \
	--build-arg REVISION=$(shell git describe --always --abbrev=40 --exclude='*' --dirty=-dirty 2>/dev/null || echo unknown)

.PHONY: help install demo unit test test-monitoring e2e-operator e2e e2e-sessions e2e-cert-manager check format manifests golden certs control-plane bench bench-peers bench-reconcile bench-review bench-restarts bench-hostile fuzz chaos soak mutation audit coverage build image

# What .github/workflows/release.yaml calls. Everything it makes lies in release/.
.PHONY: release-check release-image release-files package test-package

release-check: install ## Whether every file names the same version; TAG=v1.2.3 also whether it may be released under that tag
	@node scripts/release-check.ts $(TAG)

release-image: ## The image for both platforms, with SBOM and provenance, as a file (docker buildx); PUSH=1 pushes it instead
	mkdir -p release
	docker buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max $(LABELS) --tag $(IMAGE) \
		--metadata-file release/image.json $(if $(PUSH),--push,--output type=oci,dest=release/image.tar) .

# Of the image that release-image made, unless it was made elsewhere.
DIGEST ?= $(shell node -p 'JSON.parse(fs.readFileSync("release/image.json"))["containerimage.digest"]' 2>/dev/null)

release-files: package ## install.yaml with the digest of the image, the chart, checksums, notes (kubectl, helm); DIGEST= of an image made elsewhere
	@[[ "$(DIGEST)" =~ ^sha256:[0-9a-f]{64}$$ ]] || { echo 'release-files: no digest; make release-image first, or give DIGEST=sha256:…' >&2; exit 2; }
	kubectl kustomize manifests | sed 's|image: $(IMAGE)$$|&@$(DIGEST)|' > release/install.yaml
	grep -q 'image: $(IMAGE)@$(DIGEST)$$' release/install.yaml
	helm package manifests/chart --destination release
	awk '/^## / { on = $$2 == "$(VERSION)" || $$2 == "$(VERSION)," } on' CHANGELOG.md > release/notes.md
	cd release && sha256sum install.yaml toolhive-scaling-$(VERSION).tgz > SHA256SUMS

package: build ## The npm package, as it is published
	node scripts/package.ts
	npm pack ./release/npm --pack-destination release/npm --loglevel=error

test-package: package ## Every test, while what they start is the npm package as users install it; WITH_NODE= runs it on another Node
	@node --version
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	npm install --prefix "$$folder" --engine-strict --loglevel=error release/npm/toolhive-scaling-$(VERSION).tgz && \
	MAIN="$$folder/node_modules/toolhive-scaling/dist/main.js" mocha --parallel --jobs $(E2E_JOBS) $(TESTS)
