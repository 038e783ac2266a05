// Package servers starts what flyball's clients talk to: a redis-server, a
// PostgreSQL, HTTP servers of each protocol, and a network that fails on
// purpose. Each server is private: a free port of 127.0.0.1, a temporary folder,
// and it is stopped by its own process id. The package needs the standard library
// only, so that tests, benchmarks and soak runs of every module can use it.
//
// A program that is not installed is a [MissingError]. In a test [Require] makes
// it a skip that says what to install, or, where CI=true, a failure: there no
// test of a real server may skip.
package servers
