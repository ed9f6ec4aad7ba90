# make or make help lists the verbs. Every verb can be run from a fresh clone.

GO    ?= go
BENCH_RUNS     ?= 5
BENCH_SESSIONS ?= 2000000
# One release of each Go version that is read, the newest first.
VERSIONS ?= go1.27.0 go1.26.8 go1.25.0 go1.24.6 go1.23.12 go1.22.12 go1.21.13 go1.20.14 go1.19.13 go1.18.10
BENCH_OBJECTS  ?= 20000000

# Where make build puts the program, and make install all that belongs to it, below
# DESTDIR where that is set, for packagers.
BIN     ?= bin
PREFIX  ?= /usr/local
installed = $(DESTDIR)$(PREFIX)
MANDIR  ?= $(installed)/share/man/man1
BASHDIR ?= $(installed)/share/bash-completion/completions
ZSHDIR  ?= $(installed)/share/zsh/site-functions
FISHDIR ?= $(installed)/share/fish/vendor_completions.d

# What make fuzz runs, each for TIME.
TARGET ?= all
TIME   ?= 30s

# It says itself what it does, once it is built.
takecore = $(GO) run ./internal/testcore/takecore

.PHONY: help build install uninstall demo tour recording test culprits test-matrix test-names test-delve test-damage test-windows race fuzz lint cross bench drift drift-tested clean need-go

help: ## show this list
	@echo "goheap: what keeps this memory alive?"
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

need-go:
	@command -v $(GO) >/dev/null || { \
	  echo "Go is not installed. goheap needs Go 1.26 or newer: https://go.dev/dl"; exit 1; }

build: need-go ## build bin/goheap
	@mkdir -p $(BIN)
	@echo "building $(BIN)/goheap (the first time, what it imports too)"
	$(GO) build -o $(BIN)/goheap ./cmd/goheap

# As another user, who may write to PREFIX, there is perhaps no Go: what was built
# before will do.
install: ## put goheap, its manual pages and completions for shells under PREFIX
	@if command -v $(GO) >/dev/null || [ ! -x $(BIN)/goheap ]; then $(MAKE) --no-print-directory build; fi
	install -d $(installed)/bin $(MANDIR) $(BASHDIR) $(ZSHDIR) $(FISHDIR)
	install -m 755 $(BIN)/goheap $(installed)/bin/goheap
	umask 022; $(BIN)/goheap man $(MANDIR)
	umask 022; $(BIN)/goheap completion bash >$(BASHDIR)/goheap
	umask 022; $(BIN)/goheap completion zsh >$(ZSHDIR)/_goheap
	umask 022; $(BIN)/goheap completion fish >$(FISHDIR)/goheap.fish

uninstall: ## remove what make install has put there
	rm -f $(installed)/bin/goheap $(MANDIR)/goheap.1 $(MANDIR)/goheap-*.1 $(BASHDIR)/goheap $(ZSHDIR)/_goheap $(FISHDIR)/goheap.fish

demo: build ## run a leaking server, take its core, and look inside
	@echo "building internal/testcore/takecore"
	@files=$$($(takecore) -kind any blockstore) || exit 1; \
	core=$$(echo "$$files" | head -n 1); \
	if [ -t 0 ] && [ -t 1 ]; then \
	  echo "$(BIN)/goheap $$core"; exec $(BIN)/goheap "$$core"; \
	else \
	  echo "$(BIN)/goheap report $$core"; exec $(BIN)/goheap report "$$core"; \
	fi

tour: build ## the demo with a guided walk of five steps
	@echo "building internal/testcore/takecore"
	@files=$$($(takecore) -kind any blockstore) || exit 1; \
	exec $(BIN)/goheap tour "$$(echo "$$files" | head -n 1)"

recording: build ## record the walk of the demo as docs/demo.cast
	@files=$$($(takecore) -kind any blockstore) || exit 1; \
	$(GO) run ./internal/testcore/record -o docs/demo.cast $(BIN)/goheap "$$(echo "$$files" | head -n 1)"

test: need-go ## gofmt, go vet and all tests; under six minutes
	@files=$$(gofmt -l .); [ -z "$$files" ] || { echo "not formatted (gofmt -w FILE):"; echo "$$files"; exit 1; }
	$(GO) vet ./... ./testdata/programs/...
	@$(takecore) -lacking
	$(GO) test -timeout 20m ./...

# These two count allocations, and what was asked while a key was served: the detector
# adds to both.
race_skip = TestQueryRemembers|TestRandomKeysLarge

# What the detector says is repeated at the end, for those who see no more than that.
race: need-go ## the tests of what several goroutines use, under the race detector
	@log=$$(mktemp) && trap 'rm -f "$$log"' EXIT && \
	{ $(GO) test -race -timeout 20m -skip '$(race_skip)' ./dump ./heap ./report ./tui ./internal/progress ./internal/capture 2>&1; echo "exit $$?"; } | tee "$$log" && \
	case "$$(tail -n 1 "$$log")" in \
	  "exit 0") ;; \
	  *) sed -n '/^WARNING: DATA RACE/,/^=====/p' "$$log"; exit 1;; \
	esac

# A pattern of go test -fuzz may match one target alone. Until Go 1.26 it may fail with
# "context deadline exceeded" and no failing input, when its time is over
# (go.dev/issue/75804): then it is run again.
fuzz: need-go ## fuzz TARGET=FuzzX, or all, each for TIME=30s
	@list=$$($(GO) test -list '^Fuzz' ./...) || { echo "$$list"; exit 1; }; \
	targets=$$(echo "$$list" | awk -v want=$(TARGET) '/^Fuzz/ && (want == "all" || want == $$1) { names[n++] = $$1 } \
	  /^ok/ { for (i = 0; i < n; i++) print $$2 " " names[i]; n = 0 }'); \
	[ -n "$$targets" ] || { echo "there is no target $(TARGET)"; exit 2; }; \
	echo "$$targets" | { status=0; while read -r package target; do \
	  echo "$(GO) test -fuzz $$target -fuzztime $(TIME) $$package"; \
	  for try in 1 2 3; do \
	    out=$$($(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(TIME) $$package </dev/null 2>&1) && failed=0 || failed=1; \
	    echo "$$out"; \
	    case "$$failed/$$out" in 1/*"Failing input"*) break;; 1/*"context deadline exceeded"*) ;; *) break;; esac; \
	  done; [ $$failed = 0 ] || status=1; \
	done; exit $$status; }

lint: need-go ## staticcheck, of the version that go.mod names
	$(GO) tool staticcheck -tags matrix,delve,culprits ./...

cross: need-go ## build the viewer for linux, darwin and windows on amd64 and arm64
	@for os in linux darwin windows; do for arch in amd64 arm64; do \
	  echo "$$os/$$arch"; \
	  GOOS=$$os GOARCH=$$arch CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/goheap && \
	  GOOS=$$os GOARCH=$$arch CGO_ENABLED=0 $(GO) vet ./dump ./heap ./internal/arch ./internal/flat ./internal/progress || exit 1; \
	done; done

# Wine 8 removes no folders for Go 1.26 ("Invalid function"), so that tests fail there as
# they clean up, and in no other way.
test-windows: need-go ## the tests of dump, heap and report, built for Windows, under wine
	$(GO) build -o $(BIN)/underwine ./internal/testcore/underwine
	GOOS=windows $(GO) test -p 1 -exec $(abspath $(BIN)/underwine) ./dump ./heap ./internal/arch ./internal/flat ./internal/progress ./report ./tui

test-damage: need-go ## cut a core at 200 places, take pages out of it, and flip 2,000 bytes of it and its executable
	GOHEAP_DAMAGE=all $(GO) test -count=1 -timeout 30m -run 'TestTruncations|TestFlips|TestMissingPageAnywhere|TestHeapDumpBroken' -v ./gocore

bench: build ## measure the reference load against the budgets, then the benchmarks
	@files=$$($(takecore) -kind kernel sessions $(BENCH_SESSIONS)) || exit 1; \
	status=0; \
	$(GO) run ./internal/testcore/budgets -runs $(BENCH_RUNS) $(BIN)/goheap "$$(echo "$$files" | head -n 1)" || status=$$?; \
	BENCH_SESSIONS=$(BENCH_SESSIONS) $(GO) test -run '^$$' -bench . -benchtime 1s ./... || status=$$?; \
	GOHEAP_TUI_OBJECTS=$(BENCH_OBJECTS) $(GO) test -timeout 60m -run TestRandomKeysLarge -bench BenchmarkKeys -benchtime 1x -v ./tui || status=$$?; \
	exit $$status

# The tests by name are those that try fewer builds in make test, or that it leaves out.
matrix_tests = ^Test(Versions|HeapDump|HeapDumpBare|HeapDumpVersions|HeapDumpArch|HeapDumpOfOtherSystems|HeapDumpAllocSite|CheckQuiet|QuietObjects|Probe|Typed|Values|Kinds|Maps|MapPartsAreTyped|MapEntries|Erased|CheckOlder|AllocSite|CgoCalls|EveryEntry|EveryRename|Buckets|Stripped|StrippedEverywhere|Operands)$$

test-matrix: need-go ## read cores of every Go version and build, and write docs/compatibility.md
	$(GO) run ./internal/testcore/matrix -go "$(VERSIONS)" -o docs/compatibility.md
	GOHEAP_BUILDS=all $(GO) test -count=1 -timeout 60m -tags matrix -run '$(matrix_tests)' ./gocore ./gocore/internal/layout/... ./gocore/internal/types

# PART=2/4 takes the second quarter of the cells. In the folder of the package its sums
# are shown as they come.
test-names: ## look up every name of every program, version and build; PART=2/4 for a quarter
	cd gocore && GOHEAP_BUILDS=all GOHEAP_PART=$(PART) $(GO) test -count=1 -timeout 3h -tags matrix -run '^TestRoundTripEverywhere$$'

# GO=go1.22.12 builds the programs with that toolchain, and not the viewer; CASE=REGEXP
# tries those whose name matches, and prints their screens and all that they miss.
culprits: ## hold the first screen of report against 80 leaking and healthy programs; HEAPDUMP=1 for heap dumps, STRIPPED=1 without symbols
	@command -v go >/dev/null || $(MAKE) --no-print-directory need-go GO=go
	@go test -count=1 -timeout 30m -tags culprits -run '^TestCulprits$$' -v ./internal/testcore/culprits \
	  -build "$(filter go1.%,$(GO))" $(if $(HEAPDUMP),-heapdump) $(if $(STRIPPED),-stripped) $(if $(CASE),-only '$(CASE)')
	@$(if $(HEAPDUMP)$(STRIPPED)$(CASE)$(filter go1.%,$(GO)),,go test -count=1 -timeout 30m -tags culprits -run '^TestWalks$$' ./tui)

# What needs no network, in the same package, make test runs.
test-delve: need-go ## hold paths, values and stacks against Delve, which is built from the module proxy
	$(GO) test -count=1 -timeout 30m -tags delve -run '^TestDelve$$' -v ./internal/testcore/delve

DRIFT_FROM    ?= $(firstword $(VERSIONS))
# What they use of the library differs; values needs Go 1.23.
DRIFT_PROGRAMS ?= kinds values opened

# drift-exe builds the program $$p with the toolchain $(1) as bin/$(2). What Go 1.19
# needs beside, internal/testcore/build.go explains.
drift-exe = v=$(1); v=$${v\#go}; case $$v in 1.*.*) v=$${v%.*};; esac; \
	case $$v in 1.19) export GODEBUG=goindex=0;; esac; \
	printf 'module goheap\n\ngo %s\n' $$v > bin/$(2).mod && \
	GOTOOLCHAIN=$(1) GOFLAGS= GOWORK=off go build -modfile=bin/$(2).mod -buildvcs=false -o bin/$(2) ./testdata/programs/$$p

drift: ## say how a toolchain, as in GO=go1.28rc1, differs from what gocore relies on
	@case "$(GO)" in go1.*) ;; *) echo "make drift GO=go1.28rc1: name the toolchain"; exit 2;; esac
	@mkdir -p bin
	@for p in $(DRIFT_PROGRAMS); do \
	  case $$p/$(GO) in values/go1.1[89]*|values/go1.2[0-2]*) continue;; esac; \
	  ($(call drift-exe,$(DRIFT_FROM),drift-from)) && ($(call drift-exe,$(GO),drift-to)) && \
	  go run ./gocore/internal/layout/drift bin/drift-from bin/drift-to || exit $$?; \
	done; echo "$(GO) has what gocore relies on"

drift-tested: need-go ## drift, for every version that is tested, and what is recorded of them
	@for v in $(VERSIONS); do $(MAKE) --no-print-directory drift GO=$$v || exit 1; done
	$(GO) test -count=1 -timeout 60m -tags matrix -run '^TestAnew$$' ./gocore/internal/layout/tabulate

clean: ## remove what was built and all cached core files
	rm -rf bin testdata/.cache
