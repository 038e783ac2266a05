// Package strict reads YAML and JSON files that people write: it knows every key,
// takes nothing for anything else, and tells all faults at once, each with its
// file, line and key. No key twice, no unknown one, no second document, no null, no
// 1.5 for a whole number, no duration without a unit; an alias is never followed, so
// that no file is bigger than it looks.
package strict
