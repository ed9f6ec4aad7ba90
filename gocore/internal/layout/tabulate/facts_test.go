package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"goheap/gocore/internal/layout"
	"goheap/internal/testcore"
)

// What is recorded of a version is what is made of its toolchain now.
func TestAnew(t *testing.T) {
	t.Parallel()
	for arch, versions := range anew {
		table, err := layout.RecordedFor(arch)
		if err != nil || table == nil {
			t.Fatal(arch, err)
		}
		if len(versions) == 0 {
			versions = table.Builds
		}
		for _, v := range versions {
			t.Run(arch+" "+v, func(t *testing.T) {
				version, now, err := facts(testcore.BuildFor, options(v, arch))
				if err != nil || version != v {
					t.Fatal(version, err)
				}
				was := table.Of(v)
				for f, value := range was {
					if now[f] != value {
						t.Errorf("%v is %q, recorded as %q", f, now[f], value)
					}
				}
				for f, value := range now {
					if _, ok := was[f]; !ok && f.Operand == "" {
						t.Errorf("%v is %q, and not recorded", f, value)
					}
				}
			})
		}
	}
}

// Every variable that is relied on has several operands, so that a program of which some
// functions are compiled otherwise still has one; those that no more functions name are
// listed.
func TestOperands(t *testing.T) {
	t.Parallel()
	for _, arch := range []string{"amd64", "arm64"} {
		table, err := layout.RecordedFor(arch)
		if err != nil || table == nil {
			t.Fatal(arch, err)
		}
		for _, b := range table.Builds {
			variables, err := table.Variables(b)
			if err != nil {
				t.Fatal(err)
			}
			if len(variables) < 80 {
				t.Errorf("%s %s has only %d variables", arch, b, len(variables))
			}
			for _, v := range variables {
				functions := map[string]bool{}
				for _, o := range v.Operands {
					functions[o.Function] = true
				}
				if slices.Contains(vital, v.Name) && len(functions) < 2 {
					t.Errorf("%s %s: %s is named by %v alone", arch, b, v.Name, slices.Collect(maps.Keys(functions)))
				}
			}
		}
	}
}

var vital = strings.Fields("runtime.mheap_ runtime.allgs runtime.allm runtime.allp runtime.allfin runtime.gcCleanups runtime.gcphase runtime.memstats runtime.gcController runtime.work")

// The text of a table is what is read from it.
func TestText(t *testing.T) {
	t.Parallel()
	table, err := layout.RecordedFor("amd64")
	if err != nil {
		t.Fatal(err)
	}
	again, err := layout.ParseRecorded(table.Text())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range table.Builds {
		if was, is := table.Of(b), again.Of(b); !maps.Equal(was, is) || len(is) < 400 {
			t.Errorf("%s has %d facts, and %d after it was written and read", b, len(was), len(is))
		}
		if _, err := table.Runtime(b); err != nil {
			t.Error(b, err)
		}
	}
	for _, bad := range []string{"layout\truntime.g\n", "layout\truntime.g\t8@go1.18\n", "build\tgo1.18\nlayout\truntime.g\t8\n", "x\n"} {
		if _, err := layout.ParseRecorded([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// Functions of patches with one layout are all looked for: a patch between them has some of
// either.
func TestAlikePatches(t *testing.T) {
	t.Parallel()
	const text = "build\tgo1.22.0\nbuild\tgo1.22.12\nbuild\tgo1.23.0\nbuild\tgo1.23.9\nvariable\tv\t8@go1.22.0..go1.23.9\n" +
		"layout\truntime.g\t8@go1.22.0..go1.23.0\t16@go1.23.9\n" +
		"operand\tv\tf#0+0\tab@go1.22.0\tcd|ab@go1.22.12\tef@go1.23.0\t01@go1.23.9\n"
	table, err := layout.ParseRecorded([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for build, want := range map[string][]string{"go1.22.0": {"ab", "cd"}, "go1.22.12": {"cd", "ab"}, "go1.23.0": {"ef"}, "go1.23.9": {"01"}} {
		list, err := table.Variables(build)
		if err != nil || len(list) != 1 || len(list[0].Operands) != 1 || !slices.Equal(list[0].Operands[0].Prints, want) {
			t.Errorf("%s: %+v, %v, want %q", build, list, err, want)
		}
	}
}

// A version between two that are recorded has their facts where they are equal.
func TestNearest(t *testing.T) {
	t.Parallel()
	const text = "build\tgo1.22.0\nbuild\tgo1.22.12\nbuild\tgo1.23.0\nbuild\tgo1.23.9\nbuild\tgo1.24.0 X:noswissmap\n" +
		"layout\truntime.g\t8@go1.22.0..go1.23.0\t16@go1.23.9..go1.24.0 X:noswissmap\noperand\tv\tf#0+0\tab@go1.22.0\n"
	table, err := layout.ParseRecorded([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		version, build string
		sure, ok       bool
	}{
		{"go1.22.12", "go1.22.12", true, true},
		{"go1.22.3", "go1.22.0", true, true},
		{"go1.22", "go1.22.0", true, true},
		{"go1.22.13", "go1.22.12", false, true},
		{"go1.23.5", "go1.23.0", false, true},
		{"go1.24.0", "", false, false},
		{"go1.24.3 X:noswissmap", "go1.24.0 X:noswissmap", false, true},
		{"go1.24.0-X:noswissmap", "go1.24.0 X:noswissmap", true, true},
		{"go1.22.3 (Red Hat 1.22.3-1.el9)", "go1.22.0", false, true},
		{"go1.22.3-vendor", "go1.22.0", false, true},
		{"go1.22rc1", "go1.22.0", false, true},
		{"go1.24.0 X:noswissmap,other", "", false, false},
		{"go1.", "", false, false},
		{"go1.22.", "", false, false},
		{"go1.99.0", "", false, false},
		{"devel go1.22-abc", "", false, false},
		{"", "", false, false},
	} {
		build, sure, ok := table.Nearest(test.version)
		if build != test.build || sure != test.sure || ok != test.ok {
			t.Errorf("%s: %s, %t, %t, want %+v", test.version, build, sure, ok, test)
		}
	}
}
