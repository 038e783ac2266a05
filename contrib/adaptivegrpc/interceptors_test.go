package adaptivegrpc_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivegrpc"
	"github.com/flyball-go/flyball/internal/clienttest"
)

// limited returns a connection to a server of s, through w.
func limited(t *testing.T, w adaptive.Guard, s service, more ...grpc.DialOption) (*grpc.Server, *grpc.ClientConn) {
	t.Helper()
	srv, addr := serve(t, s)
	cc, err := connect(w, clienttest.Network{Addr: addr}, more...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = cc.Close() })
	return srv, cc
}

func TestStatusTellsTheOutcome(t *testing.T) {
	var answer error
	_, addr := serve(t, service{
		unary: func(context.Context, *wrapperspb.StringValue) (*wrapperspb.BytesValue, error) {
			return wrapperspb.Bytes(nil), answer
		},
		stream: func(grpc.ServerStream) error { return answer },
	})
	kinds := map[string]func(*grpc.ClientConn) error{
		"unary": func(cc *grpc.ClientConn) error {
			_, err := unary(t.Context(), cc, "")
			return err
		},
		"stream": func(cc *grpc.ClientConn) error {
			s, err := open(t.Context(), cc, "")
			require.NoError(t, err)
			return drain(s)
		},
	}
	patient := func(c codes.Code, after time.Duration) error {
		st, err := status.New(c, "later").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
		require.NoError(t, err)
		return st.Err()
	}
	for _, c := range []struct {
		answer error
		want   adaptive.Result
	}{
		{nil, adaptive.Result{Outcome: adaptive.Success}},
		{status.Error(codes.Canceled, ""), adaptive.Result{Outcome: adaptive.Failure}}, // the caller did not
		{status.Error(codes.Unknown, ""), adaptive.Result{Outcome: adaptive.Failure}},
		{status.Error(codes.InvalidArgument, ""), adaptive.Result{Outcome: adaptive.Success}},
		{status.Error(codes.DeadlineExceeded, ""), adaptive.Result{Outcome: adaptive.TimedOut}},
		{status.Error(codes.NotFound, ""), adaptive.Result{Outcome: adaptive.Success}},
		{status.Error(codes.AlreadyExists, ""), adaptive.Result{Outcome: adaptive.Success}},
		{status.Error(codes.PermissionDenied, ""), adaptive.Result{Outcome: adaptive.Success}},
		{status.Error(codes.ResourceExhausted, "busy"), adaptive.Result{Outcome: adaptive.Refused}},
		{status.Error(codes.ResourceExhausted, "grpc: received message larger than max (5 vs. 4)"), adaptive.Result{Outcome: adaptive.Ignored}},
		{status.Error(codes.FailedPrecondition, ""), adaptive.Result{Outcome: adaptive.Success}},
		{status.Error(codes.Aborted, ""), adaptive.Result{Outcome: adaptive.Success}},
		{status.Error(codes.OutOfRange, ""), adaptive.Result{Outcome: adaptive.Success}},
		{status.Error(codes.Unimplemented, ""), adaptive.Result{Outcome: adaptive.Success}},
		{status.Error(codes.Internal, ""), adaptive.Result{Outcome: adaptive.Failure}},
		{status.Error(codes.Unavailable, ""), adaptive.Result{Outcome: adaptive.Failure}},
		{status.Error(codes.DataLoss, ""), adaptive.Result{Outcome: adaptive.Failure}},
		{status.Error(codes.Unauthenticated, ""), adaptive.Result{Outcome: adaptive.Success}},
		{patient(codes.ResourceExhausted, 3*time.Second), adaptive.Result{Outcome: adaptive.Refused, RetryAfter: 3 * time.Second}},
		{patient(codes.Unavailable, 48*time.Hour), adaptive.Result{Outcome: adaptive.Refused, RetryAfter: time.Hour}},
		{patient(codes.Unavailable, -time.Second), adaptive.Result{Outcome: adaptive.Refused}},
		{patient(codes.Internal, time.Second), adaptive.Result{Outcome: adaptive.Failure}},
	} {
		answer = c.answer
		for kind, call := range kinds {
			w := clienttest.NewWitness(t, adaptive.Config{}) // a fresh one: a refusal holds the next call back
			cc, err := connect(w, clienttest.Network{Addr: addr})
			require.NoError(t, err)
			require.Equal(t, status.Code(c.answer), status.Code(call(cc)))
			require.Equal(t, c.want, w.End(t), "%s %v", kind, c.answer)
			w.Idle(t)
			require.NoError(t, cc.Close())
		}
	}
}

func TestStreamHoldsItsPermitToItsEnd(t *testing.T) {
	more := make(chan bool)
	w := clienttest.NewWitness(t, adaptive.Config{})
	_, cc := limited(t, w, service{stream: func(s grpc.ServerStream) error {
		for range more {
			if err := s.SendMsg(wrapperspb.Bytes(nil)); err != nil {
				return err
			}
		}
		return nil
	}})
	s, err := open(t.Context(), cc, "")
	require.NoError(t, err)
	for range 3 {
		more <- true
		require.NoError(t, receive(s))
		w.Held(t)
	}
	close(more)
	require.NoError(t, drain(s))
	w.Now(t, adaptive.Success)
}

func TestFirstMessageEndsThePermit(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	srv, addr := serve(t, echoes())
	limits := &adaptivegrpc.Interceptors{Guard: w, FirstMessage: true}
	cc, err := connect(w, clienttest.Network{Addr: addr})
	require.NoError(t, err)
	defer cc.Close()
	plain := func(ctx context.Context, desc *grpc.StreamDesc, _ *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return grpc.NewClientStream(ctx, desc, bare(t, addr), method, opts...)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := limits.Stream(ctx, &streamDesc, cc, streamMethod, plain)
	require.NoError(t, err)
	w.Held(t)
	require.NoError(t, receive(s))
	w.Now(t, adaptive.Success)
	srv.Stop() // the rest of the stream is nobody's call any more
	require.Error(t, drain(s))
	w.Idle(t)
}

// bare is a connection without a guard.
func bare(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:///"+addr, insecureCreds)
	require.NoError(t, err)
	t.Cleanup(func() { _ = cc.Close() })
	return cc
}

func TestStreamThatNobodyReceivesEndsWithItsContext(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	_, cc := limited(t, w, service{stream: func(s grpc.ServerStream) error {
		<-s.Context().Done()
		return s.Context().Err()
	}})
	ctx, cancel := context.WithCancel(t.Context())
	_, err := open(ctx, cc, "")
	require.NoError(t, err)
	w.Held(t)
	cancel()
	w.Ended(t, adaptive.Ignored)
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = open(ctx, cc, "")
	require.NoError(t, err)
	w.Ended(t, adaptive.TimedOut)
	w.Idle(t)
}

func TestServerStoppedMidAnswerFails(t *testing.T) {
	arrived := make(chan bool, 2)
	w := clienttest.NewWitness(t, adaptive.Config{Law: "fixed:2"})
	srv, cc := limited(t, w, service{
		unary: func(ctx context.Context, _ *wrapperspb.StringValue) (*wrapperspb.BytesValue, error) {
			arrived <- true
			<-ctx.Done()
			return nil, ctx.Err()
		},
		stream: func(s grpc.ServerStream) error {
			arrived <- true
			<-s.Context().Done()
			return s.Context().Err()
		},
	})
	s, err := open(t.Context(), cc, "")
	require.NoError(t, err)
	ended := make(chan error)
	go func() {
		_, err := unary(t.Context(), cc, "")
		ended <- err
	}()
	<-arrived
	<-arrived
	srv.Stop()
	require.Error(t, <-ended)
	require.Error(t, drain(s))
	w.Ended(t, adaptive.Failure)
	w.Ended(t, adaptive.Failure)
	w.Idle(t)
}

// The connection closes under the call; nobody cancelled.
func TestClosedConnectionIsAFailure(t *testing.T) {
	arrived := make(chan bool)
	w := clienttest.NewWitness(t, adaptive.Config{})
	_, cc := limited(t, w, service{unary: func(ctx context.Context, _ *wrapperspb.StringValue) (*wrapperspb.BytesValue, error) {
		arrived <- true
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	ended := make(chan error)
	go func() {
		_, err := unary(t.Context(), cc, "")
		ended <- err
	}()
	<-arrived
	require.NoError(t, cc.Close())
	require.Equal(t, codes.Canceled, status.Code(<-ended))
	w.Now(t, adaptive.Failure)
}

func TestWaitForReadyCountsAsTimeInFlight(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	cc, err := connect(w, clienttest.Network{Addr: "127.0.0.1:1"})
	require.NoError(t, err)
	defer cc.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = cc.Invoke(ctx, unaryMethod, wrapperspb.String(""), new(wrapperspb.BytesValue), grpc.WaitForReady(true))
	require.Equal(t, codes.DeadlineExceeded, status.Code(err))
	w.Now(t, adaptive.TimedOut)
}

func TestOwnMessageThatIsTooLargeIsNoOverload(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	_, cc := limited(t, w, echoes(), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1000)))
	_, err := unary(t.Context(), cc, "")
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	w.Now(t, adaptive.Ignored)
}

func TestRejectionHasAStatus(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{Queue: -1})
	_, cc := limited(t, w, echoes())
	held, ok := w.TryAcquire()
	require.True(t, ok)
	_, err := unary(t.Context(), cc, "")
	require.ErrorIs(t, err, adaptive.ErrRejected)
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	_, err = open(t.Context(), cc, "")
	require.ErrorIs(t, err, adaptive.ErrRejected)
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.Equal(t, adaptive.Ignored, adaptivegrpc.Classify(t.Context(), err).Outcome, "to a guard in front")
	held.Done(adaptive.Ignored)

	ctx, cancel := context.WithTimeout(t.Context(), -1)
	defer cancel()
	_, err = unary(ctx, cc, "")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, codes.DeadlineExceeded, status.Code(err))

	w.Close()
	_, err = unary(t.Context(), cc, "")
	require.ErrorIs(t, err, adaptive.ErrRejected)
	require.Equal(t, codes.Unavailable, status.Code(err))
}

func TestOwnClassifyDecides(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	limits := adaptivegrpc.New(w)
	limits.Classify = func(context.Context, error) adaptive.Result { return adaptive.Result{Outcome: adaptive.Refused} }
	require.NoError(t, limits.Unary(t.Context(), "", nil, nil, nil,
		func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }))
	w.Now(t, adaptive.Refused)
}

func TestResultsOfOtherInterceptorsCount(t *testing.T) {
	err := adaptive.Refuse(context.Canceled, time.Second)
	require.Equal(t, adaptive.Result{Outcome: adaptive.Refused, RetryAfter: time.Second}, adaptivegrpc.Classify(t.Context(), err))
}

func TestInterceptorsWithoutAGuardPanicWhenMade(t *testing.T) {
	require.PanicsWithValue(t, "adaptivegrpc: New without a Guard", func() { adaptivegrpc.New(nil) })
}
