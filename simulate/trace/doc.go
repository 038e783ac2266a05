// Package trace reads recorded traffic, to be replayed: when calls arrived, how
// long they took, or both.
//
// [Open] and [Read] know CSV with any columns, results of vegeta (CSV, JSON), k6
// (CSV, JSON) and JMeter (CSV), and interval logs of HdrHistogram (V2), plain or
// packed with gzip. The content says which it is; [Options] overrides. A file is
// read as a whole or not at all: what is damaged, ambiguous or too big is one
// error with file, line and column.
//
// What a file is good for depends on how it was made. A trace with arrivals drives
// an open loop. A load test with a fixed number of callers is a closed loop
// ([Trace.Callers]): its arrivals answer the latencies of that day and say little
// about any other, its latencies include the queueing of that load.
package trace
