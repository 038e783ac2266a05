// Package adaptiveprom gives limiters and breakers to Prometheus.
//
//	metrics, err := adaptiveprom.New(stock, users)
//	…
//	prometheus.MustRegister(metrics)
//
// One collector for all limiters of a program; it reads them when it is scraped and
// costs calls nothing. The metrics are, each with the label limiter:
//
//	flyball_limit                      calls that may be in flight
//	flyball_limit_min, flyball_limit_max  bounds of the limit
//	flyball_in_flight                  places taken
//	flyball_waiting                    calls that wait for a place
//	flyball_queue_size                 how many may wait
//	flyball_calls_total                ended calls, by outcome
//	flyball_rejected_total             calls not sent, by reason
//	flyball_would_reject_total         calls that only Config.Observe let pass, by reason
//	flyball_blocked_total              arrivals that found no free place
//	flyball_late_ends_total            calls that were ended twice: a fault in the program
//	flyball_decisions_dropped_total    decisions that OnDecision was too slow for
//	flyball_retry_after_seconds        how much longer the downstream wants no calls
//	flyball_round_trip_median_seconds, flyball_round_trip_p99_seconds  of late, while not overloaded
//	flyball_unexpected                 1 while reality has left Parts.Expected
//	flyball_breaker_state              1 for the state there is, 0 for the others, by state
//	flyball_breaker_opened_total       how often the breaker opened by itself
//
// The number of series is bounded by the number of limiters: labels are their names,
// and fixed words. A Keyed, whose keys may come from outside, is one limiter here,
// with sums over its keys.
//
// Rules for alerts are in alerts.yaml, a dashboard for Grafana in dashboard.json;
// docs/operations.md says what to do at each alert.
package adaptiveprom
