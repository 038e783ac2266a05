// Package adaptiveotel gives limiters and breakers to OpenTelemetry.
//
//	registration, err := adaptiveotel.Register(provider.Meter("my/program"), stock, users)
//
// All instruments are asynchronous: limiters are read when metrics are collected, and
// calls cost nothing. There is no global lookup: the meter is the caller's.
// Names follow OpenTelemetry's conventions; every measurement has the attribute
// flyball.limiter.name.
//
//	flyball.limiter.limit            {call}, how many may be in flight
//	flyball.limiter.limit_min, flyball.limiter.limit_max  {call}, its bounds
//	flyball.limiter.active_calls     {call}, places taken
//	flyball.limiter.waiting_calls    {call}
//	flyball.limiter.queue_size       {call}, how many may wait
//	flyball.limiter.calls            {call}, ended, by flyball.outcome
//	flyball.limiter.rejections       {call}, not sent, by flyball.reject_reason
//	flyball.limiter.would_be_rejections  {call}, that only Config.Observe let pass, by flyball.reject_reason
//	flyball.limiter.blocked_calls    {call}, arrivals that found no free place
//	flyball.limiter.late_ends        {call}, ended twice
//	flyball.limiter.decisions_dropped {decision}, that OnDecision was too slow for
//	flyball.limiter.retry_after      s, how much longer the downstream wants no calls
//	flyball.limiter.round_trip_median, flyball.limiter.round_trip_p99  s, of late, while not overloaded
//	flyball.limiter.unexpected       1, while reality has left Parts.Expected
//	flyball.breaker.state            1 for the state there is, 0 for the others, by flyball.breaker.state_name
//	flyball.breaker.trips            {trip}, how often it opened by itself
//
// The number of series is bounded by the number of limiters: attributes are their
// names, and fixed words. A Keyed, whose keys may come from outside, is one limiter
// here, with sums over its keys.
package adaptiveotel
