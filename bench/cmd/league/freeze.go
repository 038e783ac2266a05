package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
)

var commitHash = regexp.MustCompile(`^[0-9a-f]{40}$`)

// seedsOf makes three seeds of a commit: nobody can have tuned a law to scenarios
// that follow from the commit that froze it.
func seedsOf(commit string) ([]uint64, error) {
	if !commitHash.MatchString(commit) {
		return nil, fmt.Errorf("-commit is %q, want the 40 hexadecimal digits of a commit", commit)
	}
	sum := sha256.Sum256([]byte(commit))
	seeds := make([]uint64, 3)
	for i := range seeds {
		seeds[i] = binary.BigEndian.Uint64(sum[8*i:])
	}
	return seeds, nil
}
