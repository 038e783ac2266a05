package main

import "runtime/debug"

// version is the module's: a tag, or the revision that was built with its date,
// "+dirty" behind it if files had been changed.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
