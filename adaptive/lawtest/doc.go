// Package lawtest checks that a control law keeps the promises that a Limiter and
// its users rely on. It drives a real Limiter in virtual time, so a law of your own
// takes one line to test:
//
//	func TestMyLaw(t *testing.T) { lawtest.Run(t, MyLaw{}) }
//
// It says nothing of how good a law is: play scenarios for that, with
// flyball simulate.
package lawtest
