package doctor

// Kind is what is wrong with a rule.
type Kind string

const (
	NeverFires  Kind = "never fires" // a rule that waits for what cannot come
	Wedges      Kind = "can wedge"   // a state that is not left though the downstream is well
	Contradicts Kind = "contradicts" // a value that another one makes pointless
	Oscillates  Kind = "oscillates"  // on and off again, or on with nothing wrong
	Note        Kind = "note"        // no fault: a default that does little here, or what is good to know
)

// A Finding is something that the chart gives reason to say.
type Finding struct {
	Kind    Kind   `json:"kind"`
	Where   string `json:"where"`             // key, such as breaker.min-volume, or the outage that showed it
	Says    string `json:"says"`              // why, with the numbers
	Instead string `json:"instead,omitempty"` // what would be right
}

// Fault reports whether the finding fails the examination.
func (f Finding) Fault() bool { return f.Kind != Note }

// String is the finding in a line.
func (f Finding) String() string {
	s := f.Where + ": "
	if f.Fault() {
		s += string(f.Kind) + ": "
	}
	s += f.Says
	if f.Instead != "" {
		s += "; " + f.Instead
	}
	return s
}

// Report is what an examination found.
type Report struct {
	Version  int       `json:"version"` // of this document: 1
	Healthy  bool      `json:"healthy"` // no finding is a fault
	Findings []Finding `json:"findings"`
	Outages  []Outage  `json:"outages"`
}

// findings are collected by checks.
type findings []Finding

// chosen is Fault where the value was chosen by whoever wrote the file, and a note
// where it is a default.
func (f *findings) chosen(given bool, kind Kind, where, says, instead string) {
	if !given {
		kind = Note
	}
	*f = append(*f, Finding{kind, where, says, instead})
}

func (f *findings) add(kind Kind, where, says, instead string) {
	*f = append(*f, Finding{kind, where, says, instead})
}
