# netflow-monitor. `make` alone lists what there is to make.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# The tools use all cores themselves, and timing tests want the machine alone.
.NOTPARALLEL:

# The product is one static binary. Only the race detector needs cgo.
export CGO_ENABLED := 0

BIN     := bin/netflow-monitor
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT  := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
# The commit's date and not today's: the same source gives the same binary.
DATE    := $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)

# ARGS are further flags of the program: make run ARGS='-i eth0 --debug'
ARGS ?=

WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' \
	-not -path 'web/test/*' -not -path 'web/screenshots/*' -not -name '*.go' 2>/dev/null)
# Recursive on purpose: the compiler is looked for only where tests run.
RACE = $(shell echo '\#include <pthread.h>' | $${CC:-gcc} -E -xc - >/dev/null 2>&1 && echo -race)

.PHONY: help
help: ## list what there is to make
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Flags of the program go into ARGS: make run ARGS='-i eth0 --port 9090'"

.PHONY: run
run: build ## build and monitor this machine; asks for sudo only to start, and only if needed
	@scripts/run.sh $(BIN) --host 127.0.0.1 $(ARGS)

.PHONY: demo
demo: build bin/demo-gen ## see every part of the page alive, with generated traffic and no privileges
	@scripts/demo.sh $(BIN) $(ARGS)

.PHONY: build
build: $(BIN) ## build the page and the program: bin/netflow-monitor

.PHONY: web
web: web/dist/index.html ## build the page alone

.PHONY: test
test: export LINT_OPTIONAL := 1
test: lint test-web test-go test-e2e ## run every check and every test

.PHONY: test-go
test-go: need-go ## test the Go packages, with the race detector if there is a C compiler
	@test -n '$(RACE)' || echo 'SKIP race detector: no C compiler; install gcc and libc6-dev'
	CGO_ENABLED=$(if $(RACE),1,0) go test $(RACE) -timeout 10m $$(go list ./... | grep -v /internal/e2e)

.PHONY: test-e2e
test-e2e: build ## test the program as a whole: namespaces, real traffic, real browser
	NETFLOW_BINARY=$(CURDIR)/$(BIN) go test -count 1 -timeout 10m ./internal/e2e/...

# SOAK is how long: make soak SOAK=10m
SOAK ?= 10m
.PHONY: soak
soak: build ## let interfaces come and go under traffic for a long time
	NETFLOW_SOAK=$(SOAK) NETFLOW_BINARY=$(CURDIR)/$(BIN) go test -count 1 -v -timeout 2h -run '^TestSoak$$' ./internal/e2e

.PHONY: test-web
test-web: web/node_modules/.stamp tools/mapgen/node_modules/.stamp ## test the page and its map
	npm --prefix web test
	npm --prefix tools/mapgen test

.PHONY: lint
lint: need-go web/node_modules/.stamp ## look for faults without running anything
	go vet ./...
	@scripts/lint.sh
	npm --prefix web run lint
	npm --prefix web run typecheck

.PHONY: bench
bench: need-go ## measure; NETFLOW_BENCH_PCAP names a capture file for the long one
	go test -run '^$$' -bench . -benchmem -timeout 30m ./...

.PHONY: gen
gen: need-go tools/mapgen/node_modules/.stamp ## write all generated files again
	go run ./internal/config/gen
	go run ./internal/offline/gen
	go run ./internal/store/sqlite/gen
	go run ./internal/api/wire/tsgen > web/src/api/types.ts.new
	mv web/src/api/types.ts.new web/src/api/types.ts
	npm --prefix tools/mapgen run --silent gen

.PHONY: clean
clean: ## remove what was built; data/ and logs/ stay
	rm -rf bin web/node_modules tools/mapgen/node_modules
	find web/dist -mindepth 1 -not -name .gitkeep -delete

# What follows is made on the way.

.PHONY: $(BIN)
$(BIN): need-go web/dist/index.html
	go build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/netflow-monitor

.PHONY: bin/demo-gen
bin/demo-gen: need-go
	go build -trimpath -o $@ ./internal/demo/gen

# Vite empties dist; .gitkeep is what lets the Go code compile without a page.
web/dist/index.html: web/node_modules/.stamp $(WEB_SOURCES)
	npm --prefix web run build
	@touch $@ web/dist/.gitkeep

%/node_modules/.stamp: %/package.json %/package-lock.json | need-node
	cd $* && npm ci --no-audit --no-fund
	@touch $@

.PHONY: need-go need-node
need-go:
	@scripts/need.sh go 1.26
need-node:
	@scripts/need.sh node 20.19
