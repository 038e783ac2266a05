package adaptiveredis

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/flyball-go/flyball/adaptive"
)

// A Hook is a [redis.Hook] that sends what its Guard admits. It is safe for
// concurrent use; its fields must not change after the first command.
type Hook struct {
	Guard    adaptive.Guard         // decides what is sent; must not be nil
	Classify adaptive.Classifier    // what an answer tells; nil means Classify
	Exempt   func(redis.Cmder) bool // commands that need no permit, besides those that block; nil means none
}

// NewHook returns a Hook for g. It panics if g is nil.
func NewHook(g adaptive.Guard) *Hook {
	if g == nil {
		panic("adaptiveredis: NewHook without a Guard")
	}
	return &Hook{Guard: g}
}

var _ redis.Hook = (*Hook)(nil)

// DialHook returns next: a connection belongs to the command that needs it.
func (h *Hook) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook returns next behind the guard. The error of a rejected command is
// the guard's.
func (h *Hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if inside(ctx) || h.exempt(cmd) {
			return next(ctx, cmd)
		}
		permit, err := h.Guard.Acquire(ctx)
		if err != nil {
			return err // go-redis puts it on cmd
		}
		defer permit.Release() // a panic or Goexit goes on
		err = next(enter(ctx), cmd)
		permit.DoneResult(h.classify(ctx, err))
		return err
	}
}

// ProcessPipelineHook returns next behind the guard: one permit for all its
// commands. If they are rejected each carries the guard's error.
func (h *Hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if inside(ctx) || h.exemptAll(cmds) {
			return next(ctx, cmds)
		}
		permit, err := h.Guard.Acquire(ctx)
		if err != nil {
			for _, cmd := range cmds {
				cmd.SetErr(err)
			}
			return err
		}
		defer permit.Release()
		err = next(enter(ctx), cmds)
		permit.DoneResult(h.worst(ctx, cmds, err))
		return err
	}
}

// worst is what a pipeline tells: that of the worst of its commands.
func (h *Hook) worst(ctx context.Context, cmds []redis.Cmder, err error) adaptive.Result {
	r := h.classify(ctx, err)
	if err == nil {
		return r
	}
	for _, cmd := range cmds {
		if cmd.Err() == nil {
			continue
		}
		if of := h.classify(ctx, cmd.Err()); badness[of.Outcome] > badness[r.Outcome] {
			r = of
		}
	}
	return r
}

// badness orders outcomes; a sign of overload is the worst.
var badness = [adaptive.Outcomes]int{
	adaptive.Success: 1, adaptive.Failure: 2, adaptive.TimedOut: 3, adaptive.Refused: 4,
}

func (h *Hook) classify(ctx context.Context, err error) adaptive.Result {
	if h.Classify != nil {
		return h.Classify(ctx, err)
	}
	return Classify(ctx, err)
}

// A command that holds a permit sends others: the handshake of a connection goes
// through the hooks of its client. With a limit of 1 it would wait for itself.
type insideKey struct{}

func enter(ctx context.Context) context.Context { return within{ctx} }

func inside(ctx context.Context) bool { return ctx.Value(insideKey{}) != nil }

// within is context.WithValue(ctx, insideKey{}, true) in a third of its size.
type within struct{ context.Context }

func (w within) Value(key any) any {
	if key == (insideKey{}) {
		return true
	}
	return w.Context.Value(key)
}
