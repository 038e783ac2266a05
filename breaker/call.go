package breaker

import (
	"sync"

	"github.com/flyball-go/flyball/adaptive"
)

// call is one AcquireFunc on its way through the limiter. It is reused, and with
// it the function that the limiter calls back, so that a call costs no closure.
type call struct {
	b    *Breaker
	f    func(adaptive.Permit, error)
	done func(adaptive.Permit, error) // c.answer
}

var calls sync.Pool

// newCall is a call that ends with f. One that is withdrawn is not used again.
func newCall(b *Breaker, f func(adaptive.Permit, error)) *call {
	c, ok := calls.Get().(*call)
	if !ok {
		c = &call{}
		c.done = c.answer
	}
	c.b, c.f = b, f
	return c
}

// answer is what the limiter calls, once.
func (c *call) answer(p adaptive.Permit, err error) {
	b, f := c.b, c.f
	c.b, c.f = nil, nil
	calls.Put(c)
	if err != nil {
		f(adaptive.Permit{}, b.count(err))
		return
	}
	f(b.admit(p))
}
