package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Open reads the file at path. What is no regular file is refused: reading a pipe
// or a device may never end (pass one you trust to [Read]).
func Open(path string, o Options) (*Trace, error) {
	info, err := os.Stat(path) // before opening, which waits for a pipe's other end
	if err != nil {
		return nil, fmt.Errorf("read trace: %w", err)
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, fmt.Errorf("%s: is a directory, must be a file", printable(path))
	case mode&fs.ModeNamedPipe != 0:
		return nil, fmt.Errorf("%s: is a pipe, must be a regular file", printable(path))
	case !mode.IsRegular():
		return nil, fmt.Errorf("%s: is a device or socket, must be a regular file", printable(path))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read trace: %w", err)
	}
	defer f.Close() // only read from: nothing is lost
	return Read(path, f, o)
}

// Read reads a trace from r, to its end; name is what errors and the summary call
// it. It returns a whole trace or an error, never a part of one.
func Read(name string, r io.Reader, o Options) (*Trace, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	in, err := newLines(name, r, o.MaxBytes)
	if err != nil {
		return nil, err
	}
	f := o.Format
	if f == Auto {
		if f, err = detect(in); err != nil {
			return nil, err
		}
	}
	if err := o.fits(f); err != nil {
		return nil, in.fileFault("looks like %s: %w", f, err)
	}
	return readers[f](in, o)
}

var readers = map[Format]func(in *lines, o Options) (*Trace, error){
	CSV: readCSV, VegetaCSV: readVegetaCSV, VegetaJSON: readVegetaJSON,
	K6CSV: readK6CSV, K6JSON: readK6JSON, JTL: readJTL, HLog: readHLog,
}

// detect says what the first line with text looks like, and leaves it unread.
func detect(in *lines) (Format, error) {
	line, err := in.nextText()
	if errors.Is(err, io.EOF) {
		return Auto, in.fileFault("is empty, has no records")
	}
	if err != nil {
		return Auto, err
	}
	in.unread()
	switch text := bytes.TrimSpace(line); {
	case text[0] == '{':
		return detectJSON(in, text)
	case text[0] == '[':
		return Auto, in.here().fault("is a JSON array, must be one object in each line")
	case text[0] == '<':
		return Auto, in.here().fault("is XML, must be CSV: JMeter writes it with jmeter.save.saveservice.output_format=csv")
	case text[0] == '#', bytes.HasPrefix(text, []byte(`"StartTimestamp"`)), bytes.Contains(text, []byte(",HIST")):
		return HLog, nil
	case bytes.ContainsAny(text, "\x01\x02\x03\x04\x05\x06\x07"):
		return Auto, in.here().fault("is binary, must be text: results of vegeta go through vegeta encode")
	}
	cells := bytes.Split(line, []byte{delimiter(line)})
	for i, c := range cells {
		cells[i] = bytes.Trim(c, ` "`)
	}
	switch {
	case isK6Header(cells):
		return K6CSV, nil
	case isJTLHeader(cells), isJTLRow(cells):
		return JTL, nil
	case isVegetaRow(cells):
		return VegetaCSV, nil
	}
	return CSV, nil
}

func detectJSON(in *lines, line []byte) (Format, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(line, &keys); err != nil {
		return Auto, in.here().fault("%w", jsonFault(err))
	}
	has := func(name string) bool { _, ok := keys[name]; return ok }
	switch {
	case has("metric") && has("type"):
		return K6JSON, nil
	case has("timestamp") && has("latency"):
		return VegetaJSON, nil
	}
	return Auto, in.here().fault("is JSON of another kind, must be results of vegeta or k6")
}
