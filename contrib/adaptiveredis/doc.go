// Package adaptiveredis limits the commands that a go-redis v9 client has in
// flight.
//
//	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
//	client.AddHook(adaptiveredis.NewHook(limiter))
//
// Works with Client, ClusterClient and Ring. A command takes one permit, and so
// does a pipeline or a transaction however many commands it has, until go-redis
// returns: its own retries and redirects, and the wait for a connection of its
// pool, are inside. Set Options.PoolSize no lower than the limit may rise, or that
// pool is a second, hidden queue. Set Options.ContextTimeoutEnabled, without which
// go-redis does not end a read when its context ends.
//
// # What needs no permit
//
// What blocks by design (BLPOP and its kin, XREAD with BLOCK, WAIT, MONITOR), and
// subscriptions, which no hook sees: they would hold a permit while the server
// does nothing. The handshake of a new connection runs inside the command that
// needed it, hooks included; it goes on that command's permit, and so does what
// Options.OnConnect sends with the context it is given.
//
// # What answers tell
//
// The caller's context comes first, unless the server has answered: cancelled is
// Ignored, past its deadline TimedOut. Then:
//
//	Success    a value; redis.Nil; MOVED, ASK; any other error reply, such as
//	           WRONGTYPE, NOSCRIPT or NOAUTH: the server did its work
//	Refused    LOADING, BUSY, OOM, TRYAGAIN, CLUSTERDOWN, "max number of clients
//	           reached" (which redis-server sends to a connection that it closes
//	           unread, so that most clients see it broken: a Failure)
//	TimedOut   a read or write past its deadline; no connection of the pool
//	           within PoolTimeout
//	Failure    READONLY, MASTERDOWN, NOREPLICAS, MISCONF; connection refused,
//	           reset or broken; names and TLS that fail
//	Ignored    a closed client; a guard behind this one
//	Abandoned  a panic in another hook
//
// Of a pipeline the worst of its commands counts. The names of error replies are
// those of the Redis documentation and of redis-server's source.
package adaptiveredis
