package adaptiveprom_test

import (
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/contrib/adaptiveprom"
)

// One collector has all limiters of the program; one behind a breaker is given as the breaker.
func ExampleNew() {
	stock, err := adaptive.New(adaptive.Config{Name: "stock"})
	if err != nil {
		panic(err)
	}
	guarded, err := breaker.New(stock, breaker.Config{})
	if err != nil {
		panic(err)
	}
	metrics, err := adaptiveprom.New(guarded)
	if err != nil {
		panic(err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics)
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))

	families, err := registry.Gather()
	fmt.Println(families[0].GetName(), err)
	// Output: flyball_blocked_total <nil>
}
