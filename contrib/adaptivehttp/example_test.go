package adaptivehttp_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
)

// One client for the whole program: its limit is what all requests share.
func ExampleNewTransport() {
	downstream := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer downstream.Close()

	limiter, err := adaptive.New(adaptive.Config{Name: "stock"})
	if err != nil {
		panic(err)
	}
	client := &http.Client{
		Transport: adaptivehttp.NewTransport(limiter, nil), // nil: http.DefaultTransport sends
		Timeout:   2 * time.Second,
	}

	resp, err := client.Get(downstream.URL)
	if errors.Is(err, adaptive.ErrRejected) {
		return // not sent: the downstream is full, so answer without it
	}
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode, "with a limit of", limiter.Limit())
	// Output: 200 with a limit of 6
}

// A limit for each host that is called: a slow one holds up no other.
func ExampleNewPerHost() {
	stock := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer stock.Close()
	prices := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer prices.Close()

	hosts, err := adaptive.NewKeyed[string](adaptive.KeyedConfig{MaxKeys: 100}, adaptive.Parts{})
	if err != nil {
		panic(err)
	}
	client := &http.Client{Transport: adaptivehttp.NewPerHost(hosts, nil), Timeout: 2 * time.Second}
	for _, url := range []string{stock.URL, prices.URL, stock.URL} {
		resp, err := client.Get(url)
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
	}
	fmt.Println(hosts.Stats().Keys, "hosts")
	// Output: 2 hosts
}
