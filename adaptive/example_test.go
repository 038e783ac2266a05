package adaptive_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// client stands for the client of some downstream.
type client struct{}

func (client) Ping(context.Context) error { return nil }

func (client) User(_ context.Context, id int) (string, error) {
	if id < 0 {
		return "", adaptive.Ignore(errors.New("no such user"))
	}
	return fmt.Sprintf("user %d", id), nil
}

// One Limiter per downstream, shared by everybody who calls it.
func ExampleDo() {
	lim, err := adaptive.New(adaptive.Config{Name: "users"})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = adaptive.Do(context.Background(), lim, func(ctx context.Context) error {
		return client{}.Ping(ctx)
	})
	fmt.Println(err, lim.Stats().Ended[adaptive.Success])
	// Output: <nil> 1
}

func ExampleDoValue() {
	lim, err := adaptive.New(adaptive.Config{Name: "users"})
	if err != nil {
		fmt.Println(err)
		return
	}
	user, err := adaptive.DoValue(context.Background(), lim, func(ctx context.Context) (string, error) {
		return client{}.User(ctx, 7)
	})
	fmt.Println(user, err)
	// Output: user 7 <nil>
}

// Where a decorator held a semaphore of a guessed size around a function, Wrap
// takes its place: same function in, same function out.
//
//	func limited(f userFunc) userFunc {
//		sem := semaphore.NewWeighted(20)
//		return func(ctx context.Context, id int) (string, error) {
//			if err := sem.Acquire(ctx, 1); err != nil {
//				return "", err
//			}
//			defer sem.Release(1)
//			return f(ctx, id)
//		}
//	}
func ExampleWrap() {
	lim, err := adaptive.New(adaptive.Config{Name: "users"})
	if err != nil {
		fmt.Println(err)
		return
	}
	user := adaptive.Wrap(lim, client{}.User)

	name, err := user(context.Background(), 7)
	fmt.Println(name, err)
	_, err = user(context.Background(), -1)
	fmt.Println(err)
	// Output:
	// user 7 <nil>
	// no such user
}

// A rejected call was never sent: falling back or trying elsewhere repeats no
// work.
func ExampleErrRejected() {
	lim, err := adaptive.New(adaptive.Config{Name: "users", Law: "fixed:1", Queue: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	slow, _ := lim.TryAcquire()
	defer slow.Release()

	err = adaptive.Do(context.Background(), lim, client{}.Ping)
	fmt.Println(err)
	fmt.Println(errors.Is(err, adaptive.ErrRejected))
	var why *adaptive.RejectedError
	fmt.Println(errors.As(err, &why), why.Reason == adaptive.RejectLimit)
	// Output:
	// adaptive: users: rejected: limit reached
	// true
	// true true
}

// Where a call does not end in the function that started it, hold the permit.
// The deferred Release does nothing after Done; after a panic or an early return
// it gives the place back.
func ExampleLimiter_Acquire() {
	lim, err := adaptive.New(adaptive.Config{Name: "users", MaxWait: time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	lookUp := func(ctx context.Context, id int) (string, error) {
		p, err := lim.Acquire(ctx)
		if err != nil {
			return "", err
		}
		defer p.Release()
		if id == 0 {
			return "nobody", nil // no call was made, and no outcome reported
		}
		user, err := client{}.User(ctx, id)
		if err != nil {
			p.Done(adaptive.Failure)
			return "", err
		}
		p.Done(adaptive.Success)
		return user, nil
	}
	fmt.Println(lookUp(context.Background(), 7))
	fmt.Println(lookUp(context.Background(), 0))
	s := lim.Stats()
	fmt.Println(s.InFlight, s.Ended[adaptive.Success], s.Ended[adaptive.Abandoned])
	// Output:
	// user 7 <nil>
	// nobody <nil>
	// 0 1 1
}

// Without a goroutine to wait in: the function is called when a place is free.
func ExampleLimiter_AcquireFunc() {
	lim, err := adaptive.New(adaptive.Config{Law: "fixed:1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	var first adaptive.Permit
	lim.AcquireFunc(func(p adaptive.Permit, _ error) {
		fmt.Println("first is sent")
		first = p
	})
	lim.AcquireFunc(func(p adaptive.Permit, _ error) {
		fmt.Println("second is sent")
		p.Done(adaptive.Success)
	})
	stop := lim.AcquireFunc(func(adaptive.Permit, error) { fmt.Println("never") })

	fmt.Println("third gives up:", stop())
	fmt.Println("first ends")
	first.Done(adaptive.Success)
	// Output:
	// first is sent
	// third gives up: true
	// first ends
	// second is sent
}

// An operator takes over, and gives back.
func ExampleLimiter_SetLimit() {
	lim, err := adaptive.New(adaptive.Config{Name: "users"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(lim.SetLimit(0))
	fmt.Println(lim.SetLimit(50), lim.Limit())
	lim.Resume() // the law goes on from 50
	fmt.Println(lim.Limit())
	// Output:
	// adaptive: SetLimit(0): must be 1 to 16777216
	// <nil> 50
	// 50
}

// A batch takes as many permits as it has calls in it; what a user waits for goes
// first.
func ExampleLimiter_With() {
	lim, err := adaptive.New(adaptive.Config{Name: "search", Law: "fixed:10"})
	if err != nil {
		fmt.Println(err)
		return
	}
	batch := lim.With(adaptive.Call{Weight: 8, Priority: -1})
	user := lim.With(adaptive.Call{Priority: 1})

	b, _ := batch.Acquire(context.Background())
	u, _ := user.Acquire(context.Background())
	fmt.Println(lim.Stats().InFlight)
	u.Done(adaptive.Success)
	b.Done(adaptive.Success)
	fmt.Println(lim.Stats().InFlight)
	_, err = lim.With(adaptive.Call{Weight: 20_000}).Acquire(context.Background())
	fmt.Println(err)
	// Output:
	// 9
	// 0
	// adaptive: search: rejected: call not possible: Weight is 20000, must be 1 to Config.Max, which is 10000, or 0 for 1
}

// One limiter for each host: when one host is overloaded, the others go on.
func ExampleKeyed() {
	hosts, err := adaptive.NewKeyed[string](adaptive.KeyedConfig{
		Limiter: adaptive.Config{Name: "hosts", Law: "fixed:1", Queue: -1},
		MaxKeys: 100,
	}, adaptive.Parts{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	slow, err := hosts.For("slow.example").Acquire(ctx) // a call that takes its time
	if err != nil {
		log.Fatal(err)
	}
	defer slow.Release()
	for _, host := range []string{"slow.example", "quick.example"} {
		err := adaptive.Do(ctx, hosts.For(host), func(context.Context) error { return nil })
		fmt.Println(host, err)
	}
	fmt.Println(hosts.Stats().Keys, "keys")
	// Output:
	// slow.example adaptive: hosts/slow.example: rejected: limit reached
	// quick.example <nil>
	// 2 keys
}
