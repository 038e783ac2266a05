// Package configfile reads and writes the configuration of limiters, and of what
// else a program keeps beside it, as YAML or JSON:
//
//	version: 1
//	limiter:
//	  name: users
//	  law: knee
//	  max: 200
//	  max-wait: 250ms
//	breaker:
//	  open: {base: 2s}
//	expected:
//	  max-limit: 60
//	  p99: 120ms
//
// A key is the name of a Go field in lower case, with a hyphen where a word begins:
// MaxWait is max-wait. A key that is left out means the field's default. Nothing is
// guessed: a key that is not known, is there twice or has no value, 1.5 for a whole
// number, a duration without a unit, a second document or an alias is a fault. All
// faults of a file come at once, joined, each with file, line and key and what would
// be right.
//
// The section limiter is an [adaptive.Config]. Other sections belong to whoever names
// them in [Sections]; so this package knows no other package's Config. Section expected
// is an [adaptive.Envelope], and provenance is free: where the file came from.
package configfile
