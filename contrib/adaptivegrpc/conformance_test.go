package adaptivegrpc_test

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivegrpc"
	"github.com/flyball-go/flyball/internal/clienttest"
)

func TestMain(m *testing.M) { clienttest.Main(m) }

var insecureCreds = grpc.WithTransportCredentials(insecure.NewCredentials())

// connect returns a connection through g. More interceptors stand behind ours.
func connect(g adaptive.Guard, n clienttest.Network, more ...grpc.DialOption) (*grpc.ClientConn, error) {
	limits := adaptivegrpc.New(g)
	creds := insecure.NewCredentials()
	if n.TLS != nil {
		creds = credentials.NewTLS(n.TLS)
	}
	options := []grpc.DialOption{grpc.WithTransportCredentials(creds),
		grpc.WithChainUnaryInterceptor(limits.Unary), grpc.WithChainStreamInterceptor(limits.Stream)}
	if n.Dial != nil {
		options = append(options, grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			return n.Dial(ctx, "tcp", addr)
		}))
	}
	return grpc.NewClient("passthrough:///"+n.Addr, append(options, more...)...)
}

// echoes is a server whose answers are large, in one piece and in many.
func echoes() service {
	return service{
		unary: func(context.Context, *wrapperspb.StringValue) (*wrapperspb.BytesValue, error) {
			return wrapperspb.Bytes(make([]byte, clienttest.Large)), nil
		},
		stream: func(s grpc.ServerStream) error {
			for range 256 {
				if err := s.SendMsg(wrapperspb.Bytes(make([]byte, clienttest.Large/256))); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func TestUnaryConformance(t *testing.T) {
	_, addr := serve(t, echoes())
	clienttest.Client{
		Server: addr,
		Call: func(ctx context.Context, g adaptive.Guard, n clienttest.Network) error {
			cc, err := connect(g, n)
			if err != nil {
				return err
			}
			defer cc.Close()
			_, err = unary(ctx, cc, "")
			return err
		},
		Below: func(ctx context.Context, g adaptive.Guard, f func()) error {
			cc, err := connect(g, clienttest.Network{Addr: addr}, grpc.WithChainUnaryInterceptor(
				func(context.Context, string, any, any, *grpc.ClientConn, grpc.UnaryInvoker, ...grpc.CallOption) error {
					f()
					return nil
				}))
			if err != nil {
				return err
			}
			defer cc.Close()
			_, err = unary(ctx, cc, "")
			return err
		},
	}.Run(t)
}

func TestStreamConformance(t *testing.T) {
	_, addr := serve(t, echoes())
	begin := func(ctx context.Context, g adaptive.Guard, n clienttest.Network, more ...grpc.DialOption) (clienttest.Answer, error) {
		cc, err := connect(g, n, more...)
		if err != nil {
			return clienttest.Answer{}, err
		}
		answer := clienttest.Answer{Leave: func() { _ = cc.Close() }}
		begun := false
		defer func() {
			if !begun {
				answer.Leave()
			}
		}()
		s, err := open(ctx, cc, "")
		if err == nil {
			err = receive(s)
		}
		begun = err == nil
		answer.Read = func() error { return drain(s) }
		return answer, err
	}
	clienttest.Client{
		Server: addr,
		Call: func(ctx context.Context, g adaptive.Guard, n clienttest.Network) error {
			a, err := begin(ctx, g, n)
			if err != nil {
				return err
			}
			defer a.Leave()
			return a.Read()
		},
		Open: func(ctx context.Context, g adaptive.Guard, n clienttest.Network) (clienttest.Answer, error) {
			return begin(ctx, g, n)
		},
		Below: func(ctx context.Context, g adaptive.Guard, f func()) error {
			a, err := begin(ctx, g, clienttest.Network{Addr: addr}, grpc.WithChainStreamInterceptor(
				func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, grpc.Streamer, ...grpc.CallOption) (grpc.ClientStream, error) {
					f()
					return nil, nil
				}))
			if err == nil {
				a.Leave()
			}
			return err
		},
	}.Run(t)
}
