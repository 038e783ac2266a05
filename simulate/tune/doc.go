// Package tune searches for the numbers of a config: it plays candidates against a
// set of scenarios and answers with the one that is best where it is worst, or
// with the advice to change nothing.
//
//	space, err := tune.Load("space.yaml")
//	…
//	s := tune.Search{Scenarios: scenarios, Space: space, Seed: 1}
//	found, err := s.Run(ctx)
//
// A search goes from many candidates on few seeds to few on many. It screens the
// space with a Latin hypercube, keeps the better part on twice the seeds
// (successive halving), looks around the best, and compares what is left on a
// downstream that is 20 % slower, faster, smaller and larger, too. All candidates
// meet the same calls (common random numbers). The winner must then beat what is in
// force in the worst of seeds that the search never saw, and on each of the changed
// downstreams; otherwise the answer is to keep what is in force.
//
// The same search gives the same answer on any number of processors, and goes on
// from a [Journal] where it was interrupted. Nothing here reads a clock.
package tune
