package strict

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKeyOfSplitsWords(t *testing.T) {
	for field, want := range map[string]string{
		"Max": "max", "MaxWait": "max-wait", "P99": "p99", "MinRTT": "min-rtt", "HTTPMax": "http-max", "Q1Limit": "q1-limit", "A": "a",
	} {
		require.Equal(t, want, KeyOf(field))
	}
}

func TestHintNamesTheNearestWord(t *testing.T) {
	known := []string{"max", "min", "max-wait"}
	require.Equal(t, "max-wait?", Hint("MaxWait", known))
	require.Equal(t, "one of max, min, max-wait", Hint("rate-limit", known))
}
