package adaptiveredis

import (
	"strings"

	"github.com/redis/go-redis/v9"
)

// unlimited are the commands that wait by design, and those of a handshake, of
// which a subscription's has no command around it.
var unlimited = map[string]bool{
	"blpop": true, "brpop": true, "brpoplpush": true, "blmove": true, "blmpop": true,
	"bzpopmin": true, "bzpopmax": true, "bzmpop": true, "wait": true, "waitaof": true, "monitor": true,
	"hello": true, "auth": true, "client": true, "select": true, "readonly": true,
}

func (h *Hook) exempt(cmd redis.Cmder) bool {
	name := cmd.Name()
	return unlimited[name] || (name == "xread" || name == "xreadgroup") && blocks(cmd) ||
		h.Exempt != nil && h.Exempt(cmd)
}

// blocks reports whether an XREAD or XREADGROUP has the option BLOCK.
func blocks(cmd redis.Cmder) bool {
	for _, arg := range cmd.Args() {
		switch word, _ := arg.(string); {
		case strings.EqualFold(word, "block"):
			return true
		case strings.EqualFold(word, "streams"): // the names of keys follow
			return false
		}
	}
	return false
}

// exemptAll reports whether no command of a pipeline needs a permit. Inside one
// that does, the others ride along.
func (h *Hook) exemptAll(cmds []redis.Cmder) bool {
	for _, cmd := range cmds {
		if !h.exempt(cmd) {
			return false
		}
	}
	return true
}
