// Package bench measures what a guard costs per call, beside a reference that
// does only what cannot be left out and beside other libraries. It is a module
// of its own, so that nobody who uses flyball gets the peers. Run it with
// `make bench`; results/admit.md and results/contended.md are what it printed.
package bench
