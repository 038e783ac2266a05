package clienttest

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A Network is how a client reaches its server, or does not.
type Network struct {
	Addr string      // host:port
	TLS  *tls.Config // nil means none
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

var dialer net.Dialer

// plain is a network that works.
func plain(addr string) Network { return Network{Addr: addr, Dial: dialer.DialContext} }

// hanging is a network whose connections never come to be.
func hanging(addr string) Network {
	return Network{Addr: addr, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
}

// refused is a network with nobody at the address.
func refused(t testing.TB) Network {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return plain(l.Addr().String())
}

// unknown is a network whose name server does not know the host.
func unknown(t testing.TB) Network {
	names, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = names.Close() })
	go func() {
		m := make([]byte, 512)
		for {
			n, who, err := names.ReadFrom(m)
			if err != nil {
				return
			}
			m[2], m[3] = 0x81, 0x83 // a response: NXDOMAIN
			_, _ = names.WriteTo(m[:n], who)
		}
	}()
	d := net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "udp", names.LocalAddr().String())
	}}}
	return Network{Addr: "downstream.invalid:1", Dial: d.DialContext}
}

// untrusted is a network whose server shows a certificate that nobody trusts.
func untrusted(t testing.TB) Network {
	srv := httptest.NewUnstartedServer(nil)
	srv.StartTLS()
	certificates := srv.TLS.Certificates
	srv.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				first := bufio.NewReader(conn)
				if b, err := first.Peek(1); err == nil && b[0] == 0 { // PostgreSQL asks first
					_, _ = io.CopyN(conn, strings.NewReader("S"), 1)
					_, _ = first.Discard(8)
				}
				_ = tls.Server(reads{conn, first}, &tls.Config{Certificates: certificates, NextProtos: []string{"h2", "http/1.1"}}).Handshake()
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	n := plain(l.Addr().String())
	n.TLS = &tls.Config{ServerName: "example.com"} // as the certificate says
	return n
}

// reads is a connection that is read through a buffer.
type reads struct {
	net.Conn
	from io.Reader
}

func (r reads) Read(p []byte) (int, error) { return r.from.Read(p) }

// A relay stands between client and server, and forwards only so many bytes of
// what the server says. Then it breaks the connection, at once or after a silence
// that outlasts every caller: pgx waits for its broken connections to end.
type relay struct {
	server string
	bytes  int64
	silent bool

	t       testing.TB
	running sync.WaitGroup
	mu      sync.Mutex
	conns   []net.Conn
}

// relayed is a network with a relay in it, which ends with the test.
func relayed(t testing.TB, server string, bytes int64, silent bool) Network {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &relay{server: server, bytes: bytes, silent: silent, t: t}
	r.running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			r.running.Go(func() { r.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.mu.Lock()
		for _, c := range r.conns {
			_ = c.Close()
		}
		r.mu.Unlock()
		r.running.Wait()
	})
	return plain(l.Addr().String())
}

func (r *relay) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", r.server)
	if err != nil {
		return
	}
	defer server.Close()
	r.mu.Lock()
	r.conns = append(r.conns, client, server)
	r.mu.Unlock()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_, _ = io.Copy(server, client)
		_ = server.Close() // the client left, so the answer has no reader
	}()
	_, _ = io.CopyN(client, server, r.bytes)
	if r.silent {
		select {
		case <-asked:
		case <-time.After(silence):
		}
	}
	_ = client.(*net.TCPConn).SetLinger(0) // a reset, as of a process that was killed
	_ = client.Close()
	<-asked
}
