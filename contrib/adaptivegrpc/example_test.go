package adaptivegrpc_test

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivegrpc"
)

// Two options of the connection that there is.
func ExampleNew() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go server.Serve(listener)
	defer server.Stop()

	limiter, err := adaptive.New(adaptive.Config{Name: "stock"})
	if err != nil {
		panic(err)
	}
	limits := adaptivegrpc.New(limiter)
	conn, err := grpc.NewClient(listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(limits.Unary),
		grpc.WithStreamInterceptor(limits.Stream))
	if err != nil {
		panic(err)
	}
	defer conn.Close()

	answer, err := grpc_health_v1.NewHealthClient(conn).Check(context.Background(), &grpc_health_v1.HealthCheckRequest{})
	if errors.Is(err, adaptive.ErrRejected) {
		return // not sent: the downstream is full, so answer without it
	}
	if err != nil {
		panic(err)
	}
	fmt.Println(answer.Status, "with a limit of", limiter.Limit())
	// Output: SERVING with a limit of 6
}
