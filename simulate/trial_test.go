package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAClaimCanBePutToOneRun(t *testing.T) {
	sc := simple(500, 20, 20*time.Second)
	claim := func(text string) Assertion {
		a, err := ParseAssertion(text)
		require.NoError(t, err)
		return a
	}
	late := claim("p99 <= 1s after 10s")
	sc.Assert = []Assertion{late}
	r := play(t, sc, "none")
	trial, err := late.Try(sc, r)
	require.NoError(t, err)
	assert.Equal(t, r.Windows[0].Latency.P99, *trial.Value)
	assert.Equal(t, *trial.Value <= 1, trial.Holds)
	assert.Equal(t, 1.0, *trial.High)
	assert.Nil(t, trial.Low)

	for _, text := range []string{"goodput >= 0.9 of oracle", "score >= 0.5", "recovers within 5s of 1s"} {
		assert.True(t, claim(text).NeedsOracle(), text)
		_, err := claim(text).Try(sc, r)
		assert.ErrorContains(t, err, "cannot be judged without the oracle", text)
	}
	assert.False(t, late.NeedsOracle())
	_, err = Assertion{}.Try(sc, r)
	assert.Error(t, err)
}
