# make demo   all set-up, then the main job: three kernels compared
# make check  formatting, go vet, the linter, and the tests that boot no guest and need
#             no network. Some two minutes; only Go is needed (the first time builds the linter)
# make test   all set-up, then all tests, those that boot real guests included
# make test-all  make test, with every scenario of the catalogue and not just those
#             of the group quick, and a short test-kills
# make bench  figures of this machine, in results-data/bench.json
# make test-controls  all set-up, then trials of every planted bug, and of those bugs
#             of Linux that were put back and are found: does the harness see them?
#             About an hour. CONTROL_TRIALS=1 is a quick look; CONTROL_SERIES=7.3
#             asks kernels of another series
# make test-ceph  all set-up, then trials of the bugs planted in Ceph's client, with a Ceph
#             cluster in each guest; the first one builds kernels and a root image for it
# make test-kills  all set-up, then a campaign, a matrix and a nightly are killed 25
#             times each, and the disk is filled under them, which takes root or
#             unshare --user --map-root-user --mount. KILLS=3 is a quick look. With
#             SOURCE=DIR GOOD=A BAD=B, of a kernel's git repository, a bisection, too
# make test-fleet  all set-up, then a campaign in eight shards on a Slurm that the test starts
#             for itself: a node is drained, a job requeued, a shard killed, the
#             controller started anew, which takes some 15 minutes; then a night of two cells
# make test-qemu QEMU=/path/of/qemu  do runs work with another QEMU? Of another
#             Debian's userland, too: LOOPFAULT_RELEASE=trixie. Some 9 minutes
# make build  only the two programs, in bin/
# make install  programs, manual, completions and documents below PREFIX (/usr/local); DESTDIR
#             is put before all paths
# make deb    a Debian package of the same, in bin/
# make docs   the generated pages of docs/reference, after a change of what they say
# make help   prints this

GO      ?= go
# The tag and what came after it. Without git Go's own record of the commit is taken.
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
BUILD   := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false
LOOPFAULT := bin/loopfault

LINT_VERSION := 2.15.0
LINT := bin/golangci-lint-$(LINT_VERSION)
NFPM_VERSION := 2.45.2
NFPM := bin/nfpm-$(NFPM_VERSION)

KERNELS := stock clear-layoutreturn-info control-lost-wakeup
# Series whose sources the tests ask, beside the default; test-all asks all.
SERIES  := 5.10 7.3
TRIALS  ?= 2

.PHONY: help demo check lint test test-all test-controls test-ceph test-kills test-fleet test-qemu which-qemu bench setup setup-test build install deb docs ready images sources clean

demo: ready
	$(LOOPFAULT) doctor
	$(LOOPFAULT) compare pnfs-layoutreturn-evict --trials $(TRIALS) --known docs/findings/known.yaml \
		--arm stock=stock --arm fixed=clear-layoutreturn-info \
		--control control=control-lost-wakeup || [ $$? -eq 1 ] # 1: something was found, which is a result
	@echo "the same on Linux 7.3, after one more kernel build: $(LOOPFAULT) compare pnfs-layoutreturn-evict --trials $(TRIALS)" \
		"--arm stock=stock@7.3 --arm fixed=clear-layoutreturn-info@7.3 --control control=control-lost-wakeup@7.3"

help:
	@sed -n 's/^# \{0,1\}//p; /^$$/q' Makefile

check: lint
	$(GO) test -short -count=1 ./...

# What the tests boot beside that: built before them, for a build would take both
# processors from guests that are timed.
test: KERNELS += control-layout-ref-leak control-cpu-lockup control-layoutreturn-unanswered

# Two packages at a time, since a guest waits for most of its time; the two that take longest
# begin first, or one of them would be left over at the end. go test prints in that order.
LONGEST := ./harness/trial ./harness/cmd/loopfault
# A program with the race detector sleeps for a second before it exits with 0, in case other threads still race: each
# package's tests do, and each of the hundreds of processes that they start of themselves. What was found by then is reported
# all the same.
test: export GORACE = atexit_sleep_ms=0
test: SHELL = bash
test: .SHELLFLAGS = -o pipefail -c
test: setup-test images sources
	@echo "tests: the packages that take longest, $(LONGEST), run and print first, after about 15 minutes on 2 cores"
	LOOPFAULT_AGENT=$(CURDIR)/bin/loopfault-agent $(GO) test -race -count=1 -p 2 -timeout 40m $(LONGEST) ./... 2>&1 | tee bin/test.log
	@.ci/times bin/test.log

test-all: export LOOPFAULT_TEST_ALL = 1
test-all: SERIES += 6.1 7.2
test-all: test
	$(GO) test -tags kills -count=1 -timeout 2h -v -run KilledJobs ./harness/kills -args -kills 3

# Trials of each planted bug; of stock, too, in each of their scenarios.
CONTROL_TRIALS ?= 5
CONTROL_SERIES ?=
# If it is 1, one trial of each planted bug hangs once more, collect takes an archive in its guest,
# and both explanations have to be of one class.
CONTROL_COLLECT ?=

test-controls: images
	$(GO) vet -tags controls ./harness/controls
	$(GO) test -tags controls -count=1 -timeout 4h -v ./harness/controls -args \
		-trials $(CONTROL_TRIALS) $(CONTROL_SERIES:%=-series %) $(CONTROL_COLLECT:1=-collect) -results $(CURDIR)/results-data

# The same of scenarios about Ceph, whose kernels and root image are built if need be.
test-ceph: images
	$(GO) vet -tags controls ./harness/controls
	$(GO) test -tags controls -count=1 -timeout 4h -v ./harness/controls -args -ceph \
		-trials $(CONTROL_TRIALS) $(CONTROL_SERIES:%=-series %) $(CONTROL_COLLECT:1=-collect) -results $(CURDIR)/results-data

KILLS ?= 25

test-kills: images
	$(GO) vet -tags kills ./harness/kills
	$(GO) test -tags kills -count=1 -timeout 12h -v ./harness/kills -args -kills $(KILLS) \
		-source "$(SOURCE)" -good "$(GOOD)" -bad "$(BAD)"

test-fleet: images
	vmimages/setup.sh fleet
	$(GO) vet -tags fleet ./harness/fleet
	$(GO) test -tags fleet -count=1 -timeout 1h -v -run Slurm ./harness/fleet

# Tests of package guest take QEMU for a process of that name: a script in its place
# has to end with exec.
test-qemu: which-qemu images
	LOOPFAULT_QEMU=$(QEMU) $(GO) test -count=1 -p 1 ./harness/guest ./harness/gdb ./harness/accel
	LOOPFAULT_TEST_QEMU=$(QEMU) LOOPFAULT_AGENT=$(CURDIR)/bin/loopfault-agent \
		$(GO) test -count=1 -timeout 40m -v -run TestRunsWithAnotherQEMU ./harness/cmd/loopfault

which-qemu:
	@test -n "$(QEMU)" || { echo "make test-qemu: say which, as in QEMU=/opt/qemu/bin/qemu-system-x86_64" >&2; exit 64; }

bench: images
	$(BUILD) -o bin/loopfault-bench ./harness/cmd/loopfault-bench
	bin/loopfault-bench

setup:
	vmimages/setup.sh

setup-test:
	vmimages/setup.sh test

# The agent is the same bytes on every machine, since the root image is keyed
# by it: no version, no paths and no commit in it.
build:
	$(BUILD) -ldflags '-s -w' -o bin/loopfault-agent ./workloads/cmd/loopfault-agent
	$(BUILD) -ldflags '-X main.version=$(VERSION)' -o bin/loopfault ./harness/cmd/loopfault

PREFIX ?= /usr/local
# Where zsh of this system looks for completions; Debian's packages have a place of their own.
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
SHARE   = $(DESTDIR)$(PREFIX)/share

install: build
	install -D -m 755 $(LOOPFAULT) $(DESTDIR)$(PREFIX)/bin/loopfault
	install -D -m 755 bin/loopfault-agent $(DESTDIR)$(PREFIX)/libexec/loopfault/loopfault-agent
	install -d $(SHARE)/man/man1 $(SHARE)/bash-completion/completions $(DESTDIR)$(ZSHDIR) $(SHARE)/fish/vendor_completions.d
	$(LOOPFAULT) man >$(SHARE)/man/man1/loopfault.1
	$(LOOPFAULT) completion bash >$(SHARE)/bash-completion/completions/loopfault
	$(LOOPFAULT) completion zsh >$(DESTDIR)$(ZSHDIR)/_loopfault
	$(LOOPFAULT) completion fish >$(SHARE)/fish/vendor_completions.d/loopfault.fish
	install -d $(SHARE)/doc/loopfault
	cp -R README.md ARCHITECTURE.md CONTRIBUTING.md SECURITY.md CHANGELOG.md LICENSE docs $(SHARE)/doc/loopfault
	vmimages/licences.sh $(GO) ./harness/cmd/loopfault ./workloads/cmd/loopfault-agent >$(SHARE)/doc/loopfault/licences-of-libraries.txt

# A version of Debian begins with a digit: where no tag was made, with the day of the commit.
# All files get the time of the commit, so that the same commit makes the same package.
DEB     = bin/deb
deb: DEB_VERSION = $(shell echo $(VERSION) | sed 's/^v\([0-9]\)/\1/; t; s/^/0~git$(shell git log -1 --format=%cd --date=format:%Y%m%d)./' | tr - +)
deb: export SOURCE_DATE_EPOCH = $(shell git log -1 --format=%ct)
deb: export MAINTAINER ?= $(shell git log -1 --format='%an <%ae>')
deb: $(NFPM)
	rm -rf $(DEB)
	$(MAKE) --no-print-directory install DESTDIR=$(CURDIR)/$(DEB) PREFIX=/usr ZSHDIR=/usr/share/zsh/vendor-completions
	$(BUILD) -ldflags '-s -w -X main.version=$(VERSION)' -o $(DEB)/usr/bin/loopfault ./harness/cmd/loopfault
	vmimages/deb.sh $(NFPM) $(DEB) $(DEB_VERSION) bin

# Programs are built, and the source of the kernels is on its way, while packages are
# installed. Should the source not come, the build of a kernel says why.
ready:
	@{ $(MAKE) --no-print-directory build && { $(LOOPFAULT) kernel fetch >/dev/null 2>&1 || true; }; } & built=$$!; \
		$(MAKE) --no-print-directory setup; ready=$$?; wait $$built && exit $$ready

images: ready
	$(LOOPFAULT) prepare $(KERNELS)

# Kernel sources, for the tests that ask them what fits: some 150 MB each.
sources: build
	$(LOOPFAULT) kernel fetch
	$(LOOPFAULT) kernel fetch $(SERIES)

# Built once, from the module proxy; the version is in the name.
$(LINT):
	GOBIN=$(CURDIR)/bin/lint $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(LINT_VERSION)
	mv bin/lint/golangci-lint $@ && rmdir bin/lint

$(NFPM):
	GOBIN=$(CURDIR)/bin/nfpm $(GO) install github.com/goreleaser/nfpm/v2/cmd/nfpm@v$(NFPM_VERSION)
	mv bin/nfpm/nfpm $@ && rmdir bin/nfpm

lint: $(LINT)
	@bad=$$(gofmt -l .); if [ -n "$$bad" ]; then echo "gofmt would change: $$bad"; exit 1; fi
	$(GO) vet ./...
	$(LINT) run ./...

# Tests compare these pages with what they are made of.
docs:
	$(GO) test ./harness/scenario ./harness/cmd/loopfault -run ReferenceIsUpToDate -update

clean:
	rm -rf bin results-data
