package adaptive

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOctavesHoldEveryBucket(t *testing.T) {
	require.Equal(t, octaves-1, bucketOf(1<<62)>>latencySub)
	require.Equal(t, latencyBuckets-1, bucketOf(1<<62))
}
