package adaptive

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// calls are the three ways to guard a function that returns an error.
var calls = map[string]func(context.Context, Guard, func(context.Context) error) error{
	"Do": Do,
	"DoValue": func(ctx context.Context, g Guard, f func(context.Context) error) error {
		_, err := DoValue(ctx, g, func(ctx context.Context) (int, error) { return 1, f(ctx) })
		return err
	},
	"Wrap": func(ctx context.Context, g Guard, f func(context.Context) error) error {
		_, err := Wrap(g, func(ctx context.Context, _ string) (int, error) { return 1, f(ctx) })(ctx, "")
		return err
	},
}

func eachCall(t *testing.T, test func(t *testing.T, do func(context.Context, Guard, func(context.Context) error) error)) {
	for name, do := range calls {
		t.Run(name, func(t *testing.T) { test(t, do) })
	}
}

func TestDoHoldsAPlaceWhileItRunsAndReportsHowItEnded(t *testing.T) {
	eachCall(t, func(t *testing.T, do func(context.Context, Guard, func(context.Context) error) error) {
		l := fixedAt(t, 1, -1)
		ctx := context.WithValue(context.Background(), t, "caller's")
		broken := errors.New("broken")
		for want, err := range map[Outcome]error{Success: nil, Failure: broken, Refused: Refuse(broken, 0), Ignored: Ignore(broken)} {
			got := do(ctx, l, func(inner context.Context) error {
				require.Equal(t, 1, l.Stats().InFlight)
				require.Equal(t, ctx, inner)
				return err
			})
			require.Equal(t, err, got, "f's error is returned unchanged")
			require.EqualValues(t, 1, l.Stats().Ended[want])
		}
		require.Zero(t, l.Stats().InFlight)
		require.Zero(t, l.Stats().LateEnds)
	})
}

func TestDoDoesNotCallWhenRejected(t *testing.T) {
	eachCall(t, func(t *testing.T, do func(context.Context, Guard, func(context.Context) error) error) {
		l := fixedAt(t, 1, -1)
		take(t, l, 1)
		err := do(context.Background(), l, func(context.Context) error {
			t.Error("sent")
			return nil
		})
		require.Same(t, l.Rejection(RejectLimit), err)
		require.ErrorIs(t, err, ErrRejected)
	})
}

func TestI9PanicInACallIsAbandonedAndGoesOn(t *testing.T) {
	eachCall(t, func(t *testing.T, do func(context.Context, Guard, func(context.Context) error) error) {
		l := fixedAt(t, 1, -1)
		value := errors.New("the value")
		require.PanicsWithValue(t, value, func() {
			_ = do(context.Background(), l, func(context.Context) error { panic(value) })
		})
		require.Panics(t, func() {
			_ = do(context.Background(), l, func(context.Context) error { panic(nil) })
		})
		require.Equal(t, [Outcomes]uint64{Abandoned: 2}, l.Stats().Ended)
		require.Zero(t, l.Stats().InFlight)
	})
}

func TestI9GoexitInACallIsAbandoned(t *testing.T) {
	eachCall(t, func(t *testing.T, do func(context.Context, Guard, func(context.Context) error) error) {
		l := fixedAt(t, 1, -1)
		var wg sync.WaitGroup
		wg.Go(func() {
			_ = do(context.Background(), l, func(context.Context) error {
				runtime.Goexit()
				return nil
			})
		})
		wg.Wait()
		require.Equal(t, [Outcomes]uint64{Abandoned: 1}, l.Stats().Ended)
		require.Zero(t, l.Stats().InFlight)
	})
}

func TestEarlyReturnWithDeferReleaseIsAbandoned(t *testing.T) {
	l := fixedAt(t, 1, 10)
	query := func(fail bool) error {
		p, err := l.Acquire(context.Background())
		if err != nil {
			return err
		}
		defer p.Release()
		if fail {
			return errors.New("left early")
		}
		p.Done(Success)
		return nil
	}
	require.Error(t, query(true))
	require.NoError(t, query(false))
	require.Equal(t, [Outcomes]uint64{Abandoned: 1, Success: 1}, l.Stats().Ended)
	require.Zero(t, l.Stats().InFlight)
	require.Zero(t, l.Stats().LateEnds)
}

func TestDoReadsErrorsAsTheLimitersClassifierDoes(t *testing.T) {
	eachCall(t, func(t *testing.T, do func(context.Context, Guard, func(context.Context) error) error) {
		broken := errors.New("broken")
		l, err := NewWith(Config{Law: "fixed:1", Queue: -1}, Parts{Classify: func(ctx context.Context, err error) Result {
			if err == nil {
				panic("classifier")
			}
			require.Equal(t, broken, err)
			return Result{Outcome: TimedOut}
		}})
		require.NoError(t, err)
		require.Equal(t, broken, do(context.Background(), l, func(context.Context) error { return broken }))
		require.EqualValues(t, 1, l.Stats().Ended[TimedOut])

		require.PanicsWithValue(t, "classifier", func() {
			_ = do(context.Background(), l, func(context.Context) error { return nil })
		})
		require.EqualValues(t, 1, l.Stats().Ended[Abandoned])
		require.Zero(t, l.Stats().InFlight)
	})
}

// openDoor is a Guard that lets everything pass and counts nothing.
type openDoor struct{}

func (openDoor) Acquire(context.Context) (Permit, error) { return Permit{}, nil }
func (openDoor) AcquireFunc(f func(Permit, error)) func() bool {
	f(Permit{}, nil)
	return func() bool { return false }
}

func TestDoWorksWithAGuardThatHandsOutZeroPermits(t *testing.T) {
	eachCall(t, func(t *testing.T, do func(context.Context, Guard, func(context.Context) error) error) {
		broken := errors.New("broken")
		require.Equal(t, broken, do(context.Background(), openDoor{}, func(context.Context) error { return broken }))
		require.NoError(t, do(context.Background(), openDoor{}, func(context.Context) error { return nil }))
	})
}

func TestValueComesBackBesideTheError(t *testing.T) {
	l := fixedAt(t, 1, -1)
	broken := errors.New("broken")
	double := Wrap(l, func(_ context.Context, n int) (int, error) { return 2 * n, broken })
	v, err := double(context.Background(), 21)
	require.Equal(t, 42, v)
	require.Equal(t, broken, err)
	l.Close()
	v, err = double(context.Background(), 21)
	require.Zero(t, v)
	require.ErrorIs(t, err, ErrRejected)
}
