package doctor_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/simulate/doctor"
)

func ExampleExamine() {
	report, err := doctor.Examine(context.Background(), &doctor.Chart{
		Limiter: adaptive.Config{Min: 4, Queue: 50},
		Environment: doctor.Environment{
			Traffic: 20, Replicas: 30, Capacity: 64, Latency: 50 * time.Millisecond, Deadline: time.Second,
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range report.Findings {
		if f.Fault() {
			fmt.Println(f)
		}
	}
	// Output:
	// limiter.min: contradicts: 4 × 30 replicas = 120, above the capacity of 64: with all limits at their floor the downstream is still overloaded, and no law can go lower; min of at most 2
	// limiter.queue: contradicts: 50 places ÷ 42.7 calls/s (64 of capacity ÷ 30 replicas ÷ 50ms) = 1.17s for the last in line, above the deadline of 1s less 50ms for the call; at most 40
}
