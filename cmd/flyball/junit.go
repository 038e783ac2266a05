package main

import (
	"encoding/xml"

	"github.com/flyball-go/flyball/simulate"
)

// The form that build servers read: a suite for each scenario, a case for each
// assertion and guard.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	File     string      `xml:"file,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
}

func junitReport(all []checked) ([]byte, error) {
	suites := junitSuites{Name: "flyball check"}
	for _, c := range all {
		s := junitSuite{Name: c.Scenario, File: c.File, Tests: len(c.Verdicts)}
		for _, v := range c.Verdicts {
			s.Cases = append(s.Cases, junitVerdict(c.Scenario, v))
			if !v.Holds {
				s.Failures++
			}
		}
		suites.Tests += s.Tests
		suites.Failures += s.Failures
		suites.Suites = append(suites.Suites, s)
	}
	data, err := xml.MarshalIndent(suites, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}

func junitVerdict(scenario string, v simulate.Verdict) junitCase {
	c := junitCase{Class: scenario + "." + v.Guard, Name: v.Claim}
	if !v.Holds {
		c.Failure = &junitFailure{Type: "assertion", Message: v.String()}
	}
	return c
}
