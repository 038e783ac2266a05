package configfile

import "github.com/flyball-go/flyball/internal/strict"

// validate asks a section for its own faults and gives each its place.
func validate(r *strict.Reader, path string, section any) {
	if r.Wrong(path) {
		return
	}
	for at, text := range strict.Faults(path, section) {
		if !r.Hides(at) || at == path {
			r.Note(r.Line(at), at, text)
		}
	}
}
