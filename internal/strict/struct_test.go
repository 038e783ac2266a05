package strict

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

func TestKeyOfSplitsWords(t *testing.T) {
	for field, want := range map[string]string{
		"Max": "max", "MaxWait": "max-wait", "P99": "p99", "MinRTT": "min-rtt", "HTTPMax": "http-max", "Q1Limit": "q1-limit", "A": "a",
	} {
		require.Equal(t, want, KeyOf(field))
	}
}

type shares struct {
	Rate float64
	Open struct{ Base int }
}

func (shares) Validate() error {
	return errors.Join(
		errors.New("x: config: Open.Base is 3, must be 4"),
		errors.Join(errors.New("x: config: Rate is 2, must be 1"), errors.New("x: config: Rate, Open.Base are both never, leave one on")),
		errors.New("something else"))
}

func TestFaultsOfASectionHaveThePlaceOfTheirField(t *testing.T) {
	var got []string
	for at, text := range Faults("s", &shares{}) {
		got = append(got, at+" | "+text)
	}
	require.Equal(t, []string{
		"s.open.base | is 3, must be 4", "s.rate | is 2, must be 1", "s | Rate, Open.Base are both never, leave one on", "s | something else",
	}, got)
	for range Faults("s", &struct{}{}) {
		t.Fatal("it has no opinion")
	}
}

func TestHintNamesTheNearestWord(t *testing.T) {
	known := []string{"max", "min", "max-wait"}
	require.Equal(t, "max-wait?", Hint("MaxWait", known))
	require.Equal(t, "one of max, min, max-wait", Hint("rate-limit", known))
}

func TestAFaultQuotesTheBeginningOfALongValue(t *testing.T) {
	scalar := func(v string) string { return Describe(&yaml.Node{Kind: yaml.ScalarNode, Value: v}) }
	require.Equal(t, `"`+strings.Repeat("x", 60)+`"`, scalar(strings.Repeat("x", 60)))
	require.Equal(t, `"`+strings.Repeat("x", 60)+`"…`, scalar(strings.Repeat("x", 61)))
	require.Equal(t, `"x`+strings.Repeat("ä", 29)+`"…`, scalar("x"+strings.Repeat("ä", 30)), "no half of a letter")
}
