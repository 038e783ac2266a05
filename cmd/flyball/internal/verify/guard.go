package verify

import (
	"strings"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/corelimit"
	"github.com/flyball-go/flyball/breaker"
)

// guard makes what the configuration describes, as a program would.
func (c *Check) guard() (adaptive.Guard, error) {
	config, parts := c.Setting.Limiter, adaptive.Parts{}
	if strings.HasPrefix(config.Law, "corelimit/") {
		law, err := corelimit.Parse(config.Law)
		if err != nil {
			return nil, err
		}
		config.Law, parts.Law = "", law
	}
	limiter, err := adaptive.NewWith(config, parts)
	if err != nil || c.Setting.Breaker == nil {
		return limiter, err
	}
	return breaker.New(limiter, *c.Setting.Breaker)
}
