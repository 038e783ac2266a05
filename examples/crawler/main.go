// Crawler fetches 10,000 pages that link to each other from a server whose
// capacity changes while it is crawled. It is told nothing of the server: a pool on
// an adaptive limit finds how many requests to have in flight, again after each
// change. It exits with 0 if every page was fetched.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/pool"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, 10_000, 4*time.Millisecond); err != nil {
		fmt.Fprintln(os.Stderr, "crawler:", err)
		os.Exit(1)
	}
}

// run crawls a site of so many pages, each of which takes the server so long.
func run(ctx context.Context, out io.Writer, pages int, service time.Duration) error {
	site, err := startSite(pages, service, []phase{
		{from: 0, workers: 16}, {from: pages / 3, workers: 4}, {from: pages / 2, workers: 32},
	})
	if err != nil {
		return err
	}
	defer site.stop()

	limiter, err := adaptive.New(adaptive.Config{Name: "site"})
	if err != nil {
		return err
	}
	p, err := pool.New(limiter, pool.Config{Retry: pool.Retry{Attempts: 3}})
	if err != nil {
		return err
	}
	c := crawl{site: site, client: newClient(), seen: map[string]bool{}}
	defer c.client.close()
	site.onChange = func(ended phase, took time.Duration, served int) {
		fmt.Fprintf(out, "server of %2d workers: %5d pages in %6v, %5.0f/s; limit %d\n", ended.workers, served,
			took.Round(time.Millisecond), float64(served)/took.Seconds(), limiter.Limit())
	}
	start := time.Now()
	err = p.Group(ctx, func(_ context.Context, g *pool.Group) error {
		c.visit(g, "/0")
		return nil
	})
	site.done()
	s := p.Stats()
	fmt.Fprintf(out, "%d pages in %v, %d failed, %d attempts; wait p50 %v, request p50 %v p99 %v\n",
		c.fetched.Load(), time.Since(start).Round(time.Millisecond), c.failed.Load(), s.Attempts,
		s.Wait.P50.Round(time.Millisecond), s.Run.P50.Round(100*time.Microsecond), s.Run.P99.Round(100*time.Microsecond))
	if err == nil && int(c.fetched.Load()) != pages {
		err = fmt.Errorf("fetched %d pages of %d", c.fetched.Load(), pages)
	}
	return err
}

// crawl is what is known of the site.
type crawl struct {
	site   *site
	client client

	mu              sync.Mutex
	seen            map[string]bool
	fetched, failed atomic.Int64
}

// visit fetches a page, unless somebody has, and what it links to. A page that
// cannot be had does not end the crawl.
func (c *crawl) visit(g *pool.Group, path string) {
	c.mu.Lock()
	known := c.seen[path]
	c.seen[path] = true
	c.mu.Unlock()
	if known {
		return
	}
	g.Go(func(ctx context.Context) error {
		links, err := c.client.fetch(ctx, c.site.url+path)
		if err != nil {
			if ctx.Err() == nil {
				c.failed.Add(1)
			}
			return ctx.Err()
		}
		c.fetched.Add(1)
		for _, l := range links {
			c.visit(g, l)
		}
		return nil
	})
}
