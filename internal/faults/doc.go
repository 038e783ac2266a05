// Package faults tests the integrations behind a network that fails: a
// toxiproxy stands between each client and a real server and delays, cuts,
// swallows or throttles what the server says, while load keeps arriving. It
// holds tests only and is a module of its own, so that nobody who uses flyball
// gets a proxy with it.
package faults
