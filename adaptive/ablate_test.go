package adaptive

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPartsOfTheLawCanBeLeftOutByName(t *testing.T) {
	for i, name := range partNames {
		law, err := ParseLaw("knee:without=" + name)
		require.NoError(t, err)
		require.Equal(t, Knee{without: 1 << i}, law)
		require.Equal(t, "knee:without="+name, law.(Knee).String())
	}
	law, err := ParseLaw("knee:without=memory+probe")
	require.NoError(t, err)
	require.Equal(t, "knee:without=probe+memory", law.(Knee).String())
	require.Equal(t, "knee", Knee{}.String())

	_, err = ParseLaw("knee:without=soup")
	require.EqualError(t, err, `adaptive: law "knee:without=soup": "soup" is no part of it; they are probe, grid, elasticity, concession, settling, doubt, patience, alarm, memory, verification, ledger`)
	_, err = ParseLaw("knee:gain=2")
	require.EqualError(t, err, `adaptive: law "knee:gain=2": it has no constants`)
}

func TestWithoutProbesTheLawNeverCutsForOne(t *testing.T) {
	d := newDriver(t, "knee:without=probe")
	for range 400 {
		d.window()
		require.Zero(t, d.next.Cohort)
	}
}

// Clients that know nothing of each other cut at the same instants.
func TestProbesBeginTogether(t *testing.T) {
	const pitch = 1 << 33 // the power of two above 100 round trips of about 50 ms
	together := func(law string) (on, off int) {
		d := newDriver(t, law)
		d.windows(100)
		for range 400 {
			probing := d.next.Cohort > 0
			d.window()
			if probing || d.next.Cohort == 0 {
				continue
			}
			if int64(d.now)%pitch < int64(10*ms) {
				on++
			} else {
				off++
			}
		}
		return on, off
	}
	on, off := together("knee")
	require.Greater(t, on, 5)
	require.Zero(t, off)
	_, off = together("knee:without=grid")
	require.Greater(t, off, 5)
}
