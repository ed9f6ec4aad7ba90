package main

import (
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"goheap/internal/testcore"
)

// What each verb prints as text fits the terminal, whatever the program is: 80 columns
// where nothing says otherwise.
func TestWidth(t *testing.T) {
	t.Setenv("COLUMNS", "")
	// The arguments behind the file, for each verb that prints text of one.
	arguments := map[string][][]string{
		"report": {nil, {"--top", "all"}, {"--physical"}, {"--values", "--runtime"}},
		"info":   {nil}, "check": {nil},
		"types":      {nil, {"--physical", "--top", "all"}, {"--by", "site"}, {"--by", "site,holder"}},
		"tree":       {nil, {"--depth", "20", "--top", "300", "--values"}},
		"memory":     {nil},
		"waste":      {nil, {"--top", "all"}},
		"later":      {nil, {"--top", "all", "--values"}},
		"roots":      {nil, {"--top", "all"}, {"--by", "package"}},
		"goroutines": {nil, {"--by", "creator"}, {"--by", "label", "--values"}},
		"waits":      {nil, {"--top", "all", "--values"}},
		"why":        {{"type:string data"}, {"--top", "10", "g:1"}, {"--physical", "os.Stdout"}},
		"show":       {{"os.Stdout", "os.Args", "runtime.allp"}, {"--top", "all", "g:1"}, {"--physical", "os.Stdout"}},
		"find":       {{"main"}, {"0x10"}},
	}
	ours := map[string]bool{"capture": true, "open": true, "tour": true, "version": true, "export": true, "targets": true, "man": true}
	for _, verb := range new(command).root().Commands() {
		if arguments[verb.Name()] == nil && !ours[verb.Name()] {
			t.Errorf("%s is not tried", verb.Name())
		}
	}
	for _, program := range []string{"quiet", "blockstore", "kinds", "goroutines", "deadlocks"} {
		core := testcore.Core(t, program, testcore.Options{}, testcore.Kernel).Core
		for verb, tries := range arguments {
			for _, args := range tries {
				args = append([]string{verb, core}, args...)
				status, stdout, stderr := goheap(args...)
				if status != statusDone || stdout == "" {
					t.Errorf("%q: status %d, %s", args[2:], status, stderr)
				}
				for _, line := range strings.Split(stdout, "\n") {
					if uniseg.StringWidth(line) > columns {
						t.Errorf("%s, %s %q: %d columns: %s", program, verb, args[2:], uniseg.StringWidth(line), line)
						break
					}
				}
			}
		}
	}
}

// The environment says how wide lines are, and --wide that they are whole; data for
// programs is whole anyway.
func TestWidthIsAskedFor(t *testing.T) {
	core := testcore.Core(t, "kinds", testcore.Options{}, testcore.Kernel).Core
	widest := func(args ...string) int {
		t.Helper()
		status, stdout, stderr := goheap(append(args, core)...)
		if status != statusDone {
			t.Fatalf("%q: %s", args, stderr)
		}
		most := 0
		for _, line := range strings.Split(stdout, "\n") {
			most = max(most, uniseg.StringWidth(line))
		}
		return most
	}
	for _, c := range []struct {
		env  string
		args []string
		ok   func(n int) bool
	}{
		{"60", []string{"roots"}, func(n int) bool { return n <= 60 }},
		{"100", []string{"roots"}, func(n int) bool { return n > 80 && n <= 100 }},
		{"3", []string{"roots"}, func(n int) bool { return n <= leastColumn }},
		{"wide", []string{"roots"}, func(n int) bool { return n > 60 && n <= columns }},
		{"60", []string{"roots", "--wide"}, func(n int) bool { return n > 120 }},
		{"60", []string{"roots", "--format", "csv"}, func(n int) bool { return n > 120 }},
	} {
		t.Setenv("COLUMNS", c.env)
		if n := widest(c.args...); !c.ok(n) {
			t.Errorf("COLUMNS=%s goheap %q: %d columns", c.env, c.args, n)
		}
	}
}
