// Package fleet tests how clients that know nothing of each other share one
// downstream: programs of their own on the loopback interface, and a real server.
// It holds a test only, of real time, which the race detector is left out of: it would make
// each program several times as slow, and sees into none but the first. What larger fleets do is played by package simulate.
package fleet
