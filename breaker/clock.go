package breaker

import "time"

// tick lets gobreaker's own nanosecond pass. It is needed where the machine's
// clock is coarse, or stands still while the limiter's goes on.
func tick() { time.Sleep(time.Nanosecond) }

// after calls f once, on the machine's clock. It is for a flag and nothing more.
func after(d time.Duration, f func()) { time.AfterFunc(d, f) }
