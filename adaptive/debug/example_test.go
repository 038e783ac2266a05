package debug_test

import (
	"expvar"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/debug"
	"github.com/flyball-go/flyball/breaker"
)

// A page beside net/http/pprof, on an address that only operators reach.
func ExampleNew() {
	stock, err := adaptive.New(adaptive.Config{Name: "stock"})
	if err != nil {
		panic(err)
	}
	users, err := breaker.New(stock, breaker.Config{}) // a limiter and what is in front of it are one source
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/debug/adaptive", debug.New(debug.Config{Sources: []debug.Source{users}}))
	server := httptest.NewServer(mux) // in a program: http.ListenAndServe("127.0.0.1:6060", mux)
	defer server.Close()

	resp, err := http.Get(server.URL + "/debug/adaptive?format=json")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, resp.Header.Get("Content-Type"))
	// Output: 200 OK application/json
}

// A limiter for each host: those there are at the moment are shown.
func ExampleKeyed() {
	hosts, err := adaptive.NewKeyed[string](adaptive.KeyedConfig{}, adaptive.Parts{})
	if err != nil {
		panic(err)
	}
	http.Handle("/debug/hosts", debug.New(debug.Config{More: debug.Keyed(hosts)}))
}

// A report writes itself as JSON, so expvar needs no more than a function. Publish
// panics if a name is taken: call it once, where the program starts.
func Example_expvar() {
	stock, err := adaptive.New(adaptive.Config{Name: "stock", Law: "fixed:20"})
	if err != nil {
		panic(err)
	}
	expvar.Publish("stock", expvar.Func(func() any { return stock.Report() }))

	fmt.Println(expvar.Get("stock").String()[:35])
	// Output: {"name":"stock","law":"fixed:20","a
}
