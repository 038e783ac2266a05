package adaptiveotel_test

import (
	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptiveotel"
	sdk "go.opentelemetry.io/otel/sdk/metric"
)

func ExampleRegister() {
	stock, err := adaptive.New(adaptive.Config{Name: "stock"})
	if err != nil {
		panic(err)
	}
	provider := sdk.NewMeterProvider() // with a reader: otlpmetrichttp, prometheus, …
	registration, err := adaptiveotel.Register(provider.Meter("my/program"), stock)
	if err != nil {
		panic(err)
	}
	defer registration.Unregister()
}
