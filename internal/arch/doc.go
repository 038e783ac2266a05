// Package arch checks the rules of the house that a compiler does not: which
// package may know which, and that time and randomness are handed in. Its tests
// run them over this repository.
package arch
