# "make" lists the targets. GOFLAGS and the go command's other variables work
# as always; CHROME names another browser.

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
JSGUARD     := -modfile=scripts/jsguard.mod github.com/hack-pad/safejs/jsguard/cmd/jsguard

# What runs in a browser. These packages are checked for it too.
JS      := GOOS=js GOARCH=wasm
JS_PKGS := ./protocol ./internal/engine ./wasm
JS_EXEC := node "$(CURDIR)/internal/jsexec/jsexec.mjs"

GO_FILES = $(shell find . -name '[_.]?*' -prune -o -name node_modules -prune -o -name '*.go' -print)

# The steps of make test: what fails fast comes first.
STEPS := tools fmt-check vet lint vuln rules js types unit devices browser package

# How long the long tests run. SEED repeats what they did; 0 is a new one.
CHAOS_TIME  := 10m
CHAOS_CALLS := 10000
SEED        := 0
FUZZTIME    := 1m
SOAK        := # flags: go run ./internal/soak -help lists them

TYPES := internal/rules/testdata/types

.PHONY: help test test-hosts test-browsers test-package $(STEPS) fmt chaos soak fuzz run dist size bench bench-quick
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

# One step after the other, also with -j: the go command fills the processors
# by itself, and the browser wants a quiet machine.
test: ## run every check and every test
	@start=$$(date +%s); times=; \
	for step in $(STEPS); do \
		echo "== $$step"; begin=$$(date +%s); \
		$(MAKE) --no-print-directory $$step || { echo "make test: FAILED in $$step"; exit 1; }; \
		times="$$times $$step $$(($$(date +%s) - begin)) s,"; \
	done; \
	echo "make test: all passed in $$(($$(date +%s) - start)) s:$${times%,}"

tools: ## install what the tests need and Debian has: Chromium, a C compiler
	@sh scripts/tools.sh

fmt: ## format the Go code
	gofmt -w $(GO_FILES)

fmt-check: ## want gofmt to leave no diff
	@diff=$$(gofmt -d $(GO_FILES)) || exit; \
	test -z "$$diff" || { echo "$$diff"; echo "gofmt: run make fmt"; exit 1; }

vet: ## go vet, for this machine and for the browser
	go vet ./...
	cd bench && go vet ./...
	$(JS) go vet -tags native $(JS_PKGS)

lint: ## staticcheck for both, and jsguard: no unsafe call into JavaScript
	go run $(STATICCHECK) ./...
	go run -exec 'env $(JS)' $(STATICCHECK) -tags native $(JS_PKGS)
	go run -exec 'env $(JS)' $(JSGUARD) -test=false ./wasm

vuln: ## look for known vulnerabilities in what we call, if the database can be reached
	@sh scripts/vuln.sh

rules: ## the rules of the repository, and the commands of the README
	go test -count=1 ./internal/rules

# The race detector's own runtime has failed a check of its own
# (tsan_rtl.cpp:282) under the hundred thousands of goroutines of the models.
MODELS := ^(TestModel|TestTogether)$$
BROWSER := . ./test/...

# The first share nothing between goroutines and compress megabytes, which takes
# the race detector a minute; the others are a step by themselves.
CALM := ./internal/build ./internal/rules

unit: ## unit tests, with the race detector
	go test -race -skip '$(MODELS)' $$(go list ./... | grep -vxF -e "$$(go list $(BROWSER) $(CALM))")
	go test -run '$(MODELS)' ./internal/engine ./client
	go test ./internal/build

js: ## the tests of what runs in a browser, as wasm, in Node.js
	$(JS) go test -tags native -timeout 5m -exec '$(JS_EXEC)' $(JS_PKGS)

types: $(TYPES)/node_modules/.package-lock.json ## check the types by TypeScript's compiler
	npm --prefix $(TYPES) run --silent check

$(TYPES)/node_modules/.package-lock.json: $(TYPES)/package-lock.json
	npm --prefix $(TYPES) ci
	@touch $@

# The clients of Go programs run on devices too, with 32 bits some of them.
PLATFORMS := windows/amd64 darwin/arm64 freebsd/amd64 linux/arm64 linux/arm linux/386

devices: ## go vet for other systems, and the unit tests as 32-bit programs
	@for platform in $(PLATFORMS); do \
		echo "go vet for $$platform"; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} CGO_ENABLED=0 go vet ./... || exit 1; \
	done
	@if [ "$$(go env GOHOSTOS)/$$(go env GOHOSTARCH)" = linux/amd64 ]; then \
		GOARCH=386 CGO_ENABLED=0 go test ./protocol/... ./internal/engine/... ./client/... ./server/...; \
	else \
		echo "devices: the tests as 386 programs need linux/amd64, and are left out here"; \
	fi

# Not cached: go test does not see what the build reads.
browser: ## the tests in a real Chromium
	go test -count=1 -race -timeout 10m -p 1 $$(go list $(BROWSER) | grep -v /test/package)

# Two of the tools; make test-package has all.
package: ## install the npm package, and use it with Vite and without a tool
	go test -count=1 -timeout 10m -run '^(TestViteBuild|TestScripts|TestPackage|TestLockfiles)$$' ./test/package

test-package: ## install the npm package in projects of every tool, and the examples
	go test -count=1 -timeout 20m ./test/package

# What a page can't do there is skipped, with the reason: internal/e2e/needs.go.
test-hosts: ## the tests of browser with wasm and socket in a worker, and in a shared one
	@failed=; for host in worker shared; do \
		echo "== $$host"; \
		go test -count=1 -timeout 30m -p 1 $$(go list $(BROWSER) | grep -v /test/package) -host $$host || failed="$$failed $$host"; \
	done; \
	test -z "$$failed" || { echo "make test-hosts: FAILED in$$failed"; exit 1; }

# What an engine lacks is skipped, with the reason: internal/e2e/needs.go. All
# three write docs/browsers.md; ENGINES=firefox is for looking at one.
ENGINES := chromium,firefox,webkit

test-browsers: ## the tests of browser in Chromium, Firefox and WebKit
	@sh scripts/tools.sh browsers
	go run ./internal/e2e/cmd/browsers -o docs/browsers.md -engines $(ENGINES) $$(go list $(BROWSER) | grep -v /test/package)

chaos: ## calls through a bad network, for CHAOS_TIME=10m, with SEED=n again
	go test -count=1 -race -timeout 0 -v -run '^TestChaos$$' ./test/chaos -chaos.time $(CHAOS_TIME) -chaos.calls $(CHAOS_CALLS) -seed $(SEED)

soak: ## 10,000 connections on this machine; SOAK='-conns 1000' for others
	go run ./internal/soak $(SOAK)

fuzz: ## run every fuzz target for FUZZTIME=1m
	@FUZZTIME=$(FUZZTIME) sh scripts/fuzz.sh

run: ## start the dev server with its demo
	go run ./cmd/devserver

dist: ## build the files to ship, into dist/
	go run ./internal/build/cmd/dist -o dist

size: ## print what a page downloads
	go run ./internal/build/cmd/dist -size

bench: bench/node_modules/.package-lock.json ## compare with every rival in Chromium, in twenty minutes
	cd bench && go run ./full

bench/node_modules/.package-lock.json: bench/package-lock.json
	npm --prefix bench ci
	@touch $@

bench-quick: ## compare speeds in Chromium, within a minute
	cd bench && go run ./quick
