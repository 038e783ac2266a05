module github.com/flyball-go/flyball/bench

go 1.25.0

require github.com/flyball-go/flyball v0.0.0

replace github.com/flyball-go/flyball => ..
