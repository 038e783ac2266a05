// Package doctor examines the configuration of a limiter and its breaker for rules
// that cannot work where it is used.
//
// [Examine] does the arithmetic of a [Chart], which is a configuration and the
// [Environment] it is for, and then plays the outages that the configuration claims
// to handle: errors, a hang, a slow-down, flapping, an outage at a quiet time, a cold
// start. It finds rules that never fire, states that are never left, values that
// contradict each other, and breakers that trip again and again. Every [Finding]
// comes with the numbers.
//
// The same chart gives the same findings. Nothing here reads a clock.
package doctor
