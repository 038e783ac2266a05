package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// client is an ordinary one.
type client struct{ http *http.Client }

func newClient() client {
	return client{&http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		MaxIdleConnsPerHost: 256, // 2 by default, which would open a connection for most requests
	}}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

var link = regexp.MustCompile(`href="([^"]+)"`)

// fetch returns the links of a page.
func (c *client) fetch(ctx context.Context, url string) (links []string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusServiceUnavailable:
		return nil, adaptive.Refuse(fmt.Errorf("%s: %s", url, resp.Status), 0)
	case resp.StatusCode != http.StatusOK:
		return nil, adaptive.Ignore(fmt.Errorf("%s: %s", url, resp.Status)) // says nothing of the server's load
	}
	for _, m := range link.FindAllSubmatch(body, -1) {
		links = append(links, string(m[1]))
	}
	return links, nil
}
