package tune

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/simulate"
)

// A Setting is what a client is given: a limiter, a breaker in front of it, and
// the patience of its callers. The zero Setting is flyball's default.
type Setting struct {
	Limiter adaptive.Config `json:"limiter"`
	Breaker *breaker.Config `json:"breaker,omitempty"` // nil means none
	Timeout time.Duration   `json:"timeout,omitempty"` // 0 means the scenario's
}

// Validate returns all faults of s, joined, or nil.
func (s Setting) Validate() error {
	err := s.Limiter.Validate()
	if s.Breaker != nil {
		err = errors.Join(err, s.Breaker.Validate())
	}
	if s.Timeout < 0 {
		err = errors.Join(err, fmt.Errorf("tune: timeout is %v, must not be negative", s.Timeout))
	}
	return err
}

// On is sc as a client with s meets it.
func (s *Setting) On(sc *simulate.Scenario) *simulate.Scenario {
	c := *sc
	c.Wait = simulate.Wait{}
	if l := s.Limiter.WithDefaults(); l.Queue > 0 {
		c.Wait = simulate.Wait{Queue: l.Queue, Max: l.MaxWait}
	}
	if s.Timeout > 0 {
		c.Timeout = s.Timeout
	}
	return &c
}

// clone shares nothing with s.
func (s Setting) clone() Setting {
	if s.Breaker != nil {
		b := *s.Breaker
		s.Breaker = &b
	}
	return s
}

// key tells settings apart.
func (s Setting) key() string { return digest(s) }

// digest identifies data.
func digest(x any) string {
	data, err := json.Marshal(x)
	if err != nil {
		panic("tune: not data: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}
