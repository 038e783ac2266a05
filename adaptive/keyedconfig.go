package adaptive

import (
	"errors"
	"fmt"
	"time"
)

// KeyedConfig is what can be tuned of a Keyed: plain data. The zero KeyedConfig works.
type KeyedConfig struct {
	// Limiter is the Config of each key's Limiter. Its Name has the key added.
	Limiter Config

	// MaxKeys is how many keys there are at once, at most; 0 means 256, as each of
	// them costs some 50 kB on two CPUs and 200 kB on sixteen.
	MaxKeys int

	// Idle is how long a key is kept that nobody uses. It is looked at when a new key
	// comes, so no timer runs. 0 means 10 min; resolution is a 64th of it.
	Idle time.Duration
}

const (
	defaultKeys = 256
	defaultIdle = 10 * time.Minute
)

// WithDefaults returns c with each zero field replaced by what it stands for.
func (c KeyedConfig) WithDefaults() KeyedConfig {
	c.Limiter = c.Limiter.WithDefaults()
	if c.MaxKeys == 0 {
		c.MaxKeys = defaultKeys
	}
	if c.Idle == 0 {
		c.Idle = defaultIdle
	}
	return c
}

// Validate returns all faults of c, joined, or nil.
func (c KeyedConfig) Validate() error { return errors.Join(c.validateNumbers(), c.Limiter.Validate()) }

func (c KeyedConfig) validateNumbers() error {
	var faults []error
	if c.MaxKeys < 0 {
		faults = append(faults, fmt.Errorf("adaptive: keyed: MaxKeys is %d, must be at least 1, or 0 for %d", c.MaxKeys, defaultKeys))
	}
	if c.Idle < 0 {
		faults = append(faults, fmt.Errorf("adaptive: keyed: Idle is %v, must be above 0, or 0 for %v", c.Idle, defaultIdle))
	}
	return errors.Join(faults...)
}
