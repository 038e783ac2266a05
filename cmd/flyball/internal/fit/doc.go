// Package fit makes a scenario of a load test: a twin of the target that was
// loaded, for the simulator. What it is worth is measured: the twin is made of
// some of the steps of the test, and has to predict the others.
package fit
