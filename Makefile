# Everything here can be typed by hand; `make help` lists it.
FUZZTIME ?= 30s
ROUNDS ?= 12
MODULES := $(patsubst %/go.mod,%,$(shell find . -name go.mod -not -path '*/testdata/*'))
TOOL = GOWORK=off go tool -modfile=$(CURDIR)/internal/tools/go.mod

.PHONY: help check test race lint tidy bench bench-pool fuzz mutants models nightly
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

bench: ## what an admission costs, alone and in a crowd, ROUNDS rounds, to bench/results
	@mkdir -p bench/results
	cd bench && go test -c -o results/bench.test . && rm -f results/admit.txt results/contended.txt && \
	for i in $$(seq $(ROUNDS)); do \
	./results/bench.test -test.run '^$$' -test.bench Admit -test.benchtime 100ms >>results/admit.txt && \
	./results/bench.test -test.run '^$$' -test.bench Contended -test.benchtime 1x >>results/contended.txt || exit 1; done && \
	go run ./cmd/ratios -o results/admit.md results/admit.txt && \
	go run ./cmd/ratios -title 'A full limiter and a crowd: 256 goroutines on 8 permits' -base xsync_semaphore -o results/contended.md results/contended.txt && \
	cat results/admit.md results/contended.md

bench-pool: ## what a task costs in a pool, ROUNDS rounds, to bench/results
	@mkdir -p bench/results
	cd bench && go test -c -o results/bench.test . && rm -f results/pool.txt results/pool-20us.txt && \
	for i in $$(seq $(ROUNDS)); do \
	./results/bench.test -test.run '^$$' -test.bench Pool/empty -test.benchtime 100ms >>results/pool.txt && \
	./results/bench.test -test.run '^$$' -test.bench Pool/20us -test.benchtime 5000x >>results/pool-20us.txt || exit 1; done && \
	go run ./cmd/ratios -by 'make bench-pool' -title 'What an empty task costs in a pool' -base pond_go -o results/pool.md results/pool.txt && \
	go run ./cmd/ratios -by 'make bench-pool' -title 'Tasks of 20 µs on two CPUs' -base ideal -o results/pool-20us.md results/pool-20us.txt && \
	cat results/pool.md results/pool-20us.md

mutants: ## faults put into the code on purpose, which tests must notice
	go run ./internal/mutants

models: ## the tests against models, with the cases that docs/reliability.md promises
	bash .ci/models

nightly: ## what takes hours: ten times the cases, long tests, 200 rounds with the race detector, fuzzing, mutants
	bash .ci/models long
	FLYBALL_LONG=1 go test -timeout=2h work
	go test -race -count=200 -timeout=4h ./adaptive ./breaker ./pool
	$(MAKE) fuzz FUZZTIME=20m
	$(MAKE) mutants

fuzz: ## each fuzz target for FUZZTIME
	@grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | while IFS=: read -r file func; do \
	name=$${func#func }; echo "== $$name in $$file"; \
	go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" </dev/null || exit 1; done
