package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivegrpc"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
)

// workers do so many calls at a time and keep the others in line. As most servers
// do, they work for callers who have gone; only once they are stopped they do not.
type workers struct {
	busy    chan struct{} // a full channel admits in the order of arrival
	stopped chan struct{}
}

const service = 20 * time.Millisecond

func newWorkers() workers { return workers{make(chan struct{}, 8), make(chan struct{})} }

func (w workers) work() {
	select {
	case w.busy <- struct{}{}:
		time.Sleep(service)
		<-w.busy
	case <-w.stopped:
	}
}

type httpServer struct {
	*httptest.Server
	workers workers
}

func startHTTP(two bool) (server, error) {
	w := newWorkers()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/work" {
			w.work()
		}
		_, _ = io.WriteString(rw, "done\n")
	}))
	if two {
		srv.EnableHTTP2 = true
		srv.StartTLS()
	} else {
		srv.Start()
	}
	return httpServer{srv, w}, nil
}

func (s httpServer) stop() {
	close(s.workers.stopped)
	s.CloseClientConnections()
	s.Close()
}

func (s httpServer) client(g adaptive.Guard) (client, error) {
	base := s.Client().Transport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 512 // 2 by default, which would slow both down
	c := &http.Client{Transport: base}
	if g != nil {
		c.Transport = adaptivehttp.NewTransport(g, base)
	}
	get := func(path string) call {
		url := s.URL + path
		return func(ctx context.Context) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				return err
			}
			resp, err := c.Do(req)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			_, err = io.Copy(io.Discard, resp.Body)
			return err
		}
	}
	return client{work: get("/work"), idle: get("/"), close: c.CloseIdleConnections}, nil
}

type grpcServer struct {
	*grpc.Server
	addr    string
	served  chan struct{}
	workers workers
}

func startGRPC() (server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := newWorkers()
	method := func(name string, f func()) grpc.MethodDesc {
		return grpc.MethodDesc{MethodName: name, Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			f()
			return new(emptypb.Empty), decode(new(emptypb.Empty))
		}}
	}
	s := grpcServer{grpc.NewServer(), l.Addr().String(), make(chan struct{}), w}
	s.RegisterService(&grpc.ServiceDesc{ServiceName: "bench.Service", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{method("Work", w.work), method("Idle", func() {})}}, s)
	go func() {
		defer close(s.served)
		_ = s.Serve(l) // ends with stop
	}()
	return s, nil
}

func (s grpcServer) stop() {
	close(s.workers.stopped)
	s.Stop()
	<-s.served
}

func (s grpcServer) client(g adaptive.Guard) (client, error) {
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if g != nil {
		options = append(options, grpc.WithUnaryInterceptor(adaptivegrpc.New(g).Unary))
	}
	cc, err := grpc.NewClient("passthrough:///"+s.addr, options...)
	if err != nil {
		return client{}, err
	}
	invoke := func(method string) call {
		return func(ctx context.Context) error {
			return cc.Invoke(ctx, method, new(emptypb.Empty), new(emptypb.Empty))
		}
	}
	return client{work: invoke("/bench.Service/Work"), idle: invoke("/bench.Service/Idle"), close: func() { _ = cc.Close() }}, nil
}
