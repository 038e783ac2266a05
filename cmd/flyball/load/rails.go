package load

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// What no flag can raise.
const (
	MostRate     = 100_000 // calls a second
	MostInFlight = 10_000
	MostTime     = time.Hour
)

// Leave is what the user said about targets that are not on this machine. The zero
// Leave allows none.
type Leave struct {
	Remote bool   // load may leave the machine
	Owned  string // the host that the user says is his
}

// resolver is the part of net.Resolver that is used.
type resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Resolve returns the addresses to dial for u, host and port. It is asked once for
// a whole run and checks every address, so that a name cannot come to mean another
// machine later. It is an error if one of them is not loopback without the leave
// for it, and if one is of a kind that is nobody's server: link-local, where clouds
// have their metadata, multicast and unspecified.
func Resolve(ctx context.Context, u *url.URL, leave Leave) ([]string, error) {
	return resolve(ctx, net.DefaultResolver, u, leave)
}

func resolve(ctx context.Context, by resolver, u *url.URL, leave Leave) ([]string, error) {
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	addrs, err := by.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", host, err)
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("resolve %s: has no address", host)
	}
	var dial []string
	for _, a := range addrs {
		a = a.Unmap()
		switch {
		case a.IsLoopback():
		case a.IsLinkLocalUnicast(), a.IsMulticast(), a.IsUnspecified():
			return nil, fmt.Errorf("%s resolves to %v, which is link-local, multicast or unspecified: never a target", host, a)
		case !leave.Remote:
			return nil, fmt.Errorf("%s resolves to %v, which is not this machine; if you may load it, say --allow-remote --i-own %s", host, a, host)
		case !strings.EqualFold(leave.Owned, host):
			return nil, fmt.Errorf("%s resolves to %v, which is not this machine; --allow-remote needs --i-own %s, has %q", host, a, host, leave.Owned)
		}
		dial = append(dial, net.JoinHostPort(a.String(), port))
	}
	return dial, nil
}
