// Package debug shows limiters on a page, live: the limit, what is in flight and
// what waits, the breaker, the last decisions in sentences, and a chart.
//
//	page := debug.New(debug.Config{Sources: []debug.Source{stock, users}})
//	mux.Handle("/debug/adaptive", page)
//
// The page is an [http.Handler] for any path, as HTML and, with ?format=json or an
// Accept header that wants it, as JSON. Importing the package registers nothing
// anywhere. The page only reads, and answers GET and HEAD alone.
//
// # Who may look
//
// Whoever reaches the handler: there is no password. Serve it where only operators
// come, such as 127.0.0.1. A web page that an operator looks at does come there,
// by letting its own name resolve to 127.0.0.1 (DNS rebinding); so a request is
// answered only if its Host is a loopback address, localhost or one of
// Config.Hosts. Names of limiters may tell who the tenants are: see Config.Rename.
package debug
