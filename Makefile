# Everything here can be typed by hand; `make help` lists it.
FUZZTIME ?= 30s
ROUNDS ?= 40
MODULES := $(patsubst %/go.mod,%,$(shell find . -name go.mod -not -path '*/testdata/*'))
TOOL = GOWORK=off go tool -modfile=$(CURDIR)/internal/tools/go.mod

.PHONY: help check test race lint tidy bench fuzz mutants models nightly vuln
help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

check: ## everything that must hold before a commit
	bash .ci/run

test: ## the tests of every module
	go test work

race: ## the same with the race detector, in random order
	go test work -race -shuffle=on

lint: ## gofmt, go vet and staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet work
	@for m in $(filter-out ./internal/tools,$(MODULES)); do (cd $$m && $(TOOL) staticcheck ./...) || exit 1; done

tidy: ## go mod tidy, each module
	@for m in $(MODULES); do (cd $$m && GOWORK=off go mod tidy) || exit 1; done

bench: ## what calls and tasks cost beside other libraries, ROUNDS rounds, to bench/results
	go run ./bench/cmd/league speed -rounds $(ROUNDS)

mutants: ## faults put into the code on purpose, which tests must notice
	go run ./internal/mutants

vuln: ## govulncheck, each module; it asks vuln.go.dev
	@for m in $(filter-out ./internal/tools,$(MODULES)); do (cd $$m && GOWORK=off go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...) || exit 1; done

models: ## the tests against models, with the cases that docs/reliability.md promises
	bash .ci/models

nightly: ## what takes hours: ten times the cases, long tests, a soak, 200 rounds with the race detector, fuzzing, mutants
	bash .ci/models long
	FLYBALL_SOAK=30m go test -count=1 -timeout=1h -run Soak -v ./bench/clients
	FLYBALL_LONG=1 go test -timeout=2h work
	@for i in 1 2 3 4 5 6 7 8; do go test -race -count=25 -timeout=1h ./adaptive ./breaker ./pool || exit 1; done # see docs/reliability.md
	$(MAKE) fuzz FUZZTIME=20m
	$(MAKE) mutants

# By default what is interesting may take a minute to be made smaller, of which a short run has none.
fuzz: ## each fuzz target for FUZZTIME
	@grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | while IFS=: read -r file func; do \
	name=$${func#func }; echo "== $$name in $$file"; \
	go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$(dirname "$$file")" </dev/null || exit 1; done
