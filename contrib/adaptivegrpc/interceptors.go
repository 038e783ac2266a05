package adaptivegrpc

import (
	"context"
	"io"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/flyball-go/flyball/adaptive"
)

// Interceptors send what their Guard admits. Their methods Unary and Stream are a
// [grpc.UnaryClientInterceptor] and a [grpc.StreamClientInterceptor], safe for
// concurrent use; the fields must not change after the first call.
type Interceptors struct {
	Guard        adaptive.Guard      // decides what is sent; must not be nil
	Classify     adaptive.Classifier // what a call's error tells; nil means Classify
	FirstMessage bool                // a stream's permit ends with the first message received, not with the stream
}

// New returns Interceptors for g. It panics if g is nil.
func New(g adaptive.Guard) *Interceptors {
	if g == nil {
		panic("adaptivegrpc: New without a Guard")
	}
	return &Interceptors{Guard: g}
}

// Unary limits a unary call.
func (i *Interceptors) Unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	permit, err := i.Guard.Acquire(ctx)
	if err != nil {
		return notSent(ctx, err)
	}
	defer permit.Release() // a panic or Goexit goes on
	err = invoke(ctx, method, req, reply, cc, opts...)
	permit.DoneResult(i.classify(ctx, err))
	return err
}

// Stream limits a stream. Interceptors behind this one must pass the call options
// on: gRPC tells through one of them when a stream is over.
func (i *Interceptors) Stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
	open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	permit, err := i.Guard.Acquire(ctx)
	if err != nil {
		return nil, notSent(ctx, err)
	}
	s := &stream{limits: i, ctx: ctx, permit: permit}
	opened := false
	defer func() { // a panic or Goexit goes on
		if !opened && !s.ended.Swap(true) {
			permit.Release()
		}
	}()
	// OnFinish hears of an end that nobody receives, too. Full slice expression:
	// the options may be the connection's own.
	s.ClientStream, err = open(ctx, desc, cc, method, append(opts[:len(opts):len(opts)], grpc.OnFinish(s.end))...)
	opened = true
	switch {
	case err != nil:
		s.end(err)
		return nil, err
	case i.FirstMessage:
		return s, nil
	}
	return s.ClientStream, nil
}

func (i *Interceptors) classify(ctx context.Context, err error) adaptive.Result {
	if i.Classify != nil {
		return i.Classify(ctx, err)
	}
	return Classify(ctx, err)
}

// stream gives its permit back once.
type stream struct {
	grpc.ClientStream
	limits *Interceptors
	ctx    context.Context
	permit adaptive.Permit
	ended  atomic.Bool
}

// RecvMsg is what makes a stream that ends with its first message.
func (s *stream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	s.end(err)
	return err
}

func (s *stream) end(err error) {
	if s.ended.Swap(true) {
		return
	}
	if err == io.EOF {
		err = nil
	}
	s.permit.DoneResult(s.limits.classify(s.ctx, err))
}
