package breaker

import "time"

// tick lets gobreaker's own nanosecond pass. It is needed where the machine's
// clock is coarse, or stands still while the limiter's goes on.
func tick() { time.Sleep(time.Nanosecond) }
