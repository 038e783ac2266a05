// Package fleet tests how clients that know nothing of each other share one
// downstream: programs of their own on the loopback interface, and a real server.
// It holds a test only. What larger fleets do is played by package simulate.
package fleet
