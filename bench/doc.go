// Package bench measures what a guard costs per call, beside a reference that
// does only what cannot be left out and beside other libraries. It is a module
// of its own, so that nobody who uses flyball gets the peers. All of it runs with
// `go run ./bench/cmd/league speed`; results/speed.md and the tables beside it are
// what that printed.
package bench
