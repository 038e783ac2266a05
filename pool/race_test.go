//go:build race

package pool

func init() { underRace = true }
