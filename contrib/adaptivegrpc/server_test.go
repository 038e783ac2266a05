package adaptivegrpc_test

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// service is what a test's server does; nil methods are not called.
type service struct {
	unary  func(context.Context, *wrapperspb.StringValue) (*wrapperspb.BytesValue, error)
	stream func(grpc.ServerStream) error
}

const (
	unaryMethod  = "/test.Service/Unary"
	streamMethod = "/test.Service/Stream"
)

var streamDesc = grpc.StreamDesc{StreamName: "Stream", ServerStreams: true, ClientStreams: true}

// serve starts a server on the loopback interface, as a generated one would be.
func serve(t testing.TB, s service) (*grpc.Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := grpc.NewServer()
	stream := streamDesc
	stream.Handler = func(_ any, ss grpc.ServerStream) error { return s.stream(ss) }
	srv.RegisterService(&grpc.ServiceDesc{
		ServiceName: "test.Service",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Unary", Handler: func(_ any, ctx context.Context, decode func(any) error,
			_ grpc.UnaryServerInterceptor) (any, error) {
			in := new(wrapperspb.StringValue)
			if err := decode(in); err != nil {
				return nil, err
			}
			return s.unary(ctx, in)
		}}},
		Streams: []grpc.StreamDesc{stream},
	}, s)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(l)
	}()
	t.Cleanup(func() { srv.Stop(); <-served })
	return srv, l.Addr().String()
}

func unary(ctx context.Context, cc grpc.ClientConnInterface, in string) ([]byte, error) {
	out := new(wrapperspb.BytesValue)
	err := cc.Invoke(ctx, unaryMethod, wrapperspb.String(in), out)
	return out.GetValue(), err
}

// open opens a stream and sends one message.
func open(ctx context.Context, cc grpc.ClientConnInterface, in string) (grpc.ClientStream, error) {
	s, err := cc.NewStream(ctx, &streamDesc, streamMethod)
	if err != nil {
		return nil, err
	}
	if err := s.SendMsg(wrapperspb.String(in)); err != nil && err != io.EOF {
		return nil, err
	}
	return s, nil // after an EOF the status comes with what is received
}

func receive(s grpc.ClientStream) error { return s.RecvMsg(new(wrapperspb.BytesValue)) }

// drain receives to the end of s.
func drain(s grpc.ClientStream) error {
	for {
		if err := receive(s); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
