package report_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	pprof "github.com/google/pprof/profile"

	"goheap/gocore/profile"
	"goheap/internal/testcore"
	"goheap/report"
)

// profileBuilds are the toolchains whose profiles are compared.
func profileBuilds() []string {
	if testcore.EveryBuild() {
		return []string{"go1.18.10", "go1.19.13", "go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12", "go1.24.6", "go1.25.0", "", "go1.27.0"}
	}
	return []string{"go1.18.10", "go1.22.12", "", "go1.27.0"}
}

// The profiles in a core are what the program wrote itself: sample for sample, with the
// calls, numbers and labels of each.
func TestProfiles(t *testing.T) {
	t.Parallel()
	for i, version := range profileBuilds() {
		for k, mode := range []string{"published", "coarse"} {
			if !testcore.EveryBuild() && k > 0 && i%2 == 0 {
				continue
			}
			t.Run(version+"/"+mode, func(t *testing.T) {
				t.Parallel()
				d := testcore.Core(t, "profiled", testcore.Options{Go: version}, testcore.Kernel, mode)
				checkProfiles(t, d)
			})
		}
	}
	for _, arch := range []string{"386", "arm64", "s390x"} {
		t.Run(arch, func(t *testing.T) {
			t.Parallel()
			checkProfiles(t, testcore.Core(t, "profiled", testcore.Options{Arch: arch}, testcore.Kernel, "published"))
		})
	}
}

func checkProfiles(t *testing.T, d testcore.Dump) {
	t.Helper()
	own := said(t, d, "heap")
	got := written(t, d, report.WriteHeapProfile)
	if got.Period != own.Period || got.PeriodType.Type != own.PeriodType.Type || got.DefaultSampleType != own.DefaultSampleType {
		t.Errorf("period %d %s %q, the program says %d %s %q", got.Period, got.PeriodType.Type, got.DefaultSampleType, own.Period, own.PeriodType.Type, own.DefaultSampleType)
	}
	compareProfiles(t, got, own)
	for name, kind := range map[string]profile.Kind{"block": profile.Block, "mutex": profile.Mutex} {
		own := said(t, d, name)
		got := written(t, d, func(ctx context.Context, w io.Writer, s *report.Snapshot) ([]string, error) {
			return report.WriteContention(ctx, w, s, kind)
		})
		compareProfiles(t, got, own)
	}
	for name, kind := range map[string]profile.Kind{"goroutine": profile.Goroutines, "threadcreate": profile.Threads} {
		own := said(t, d, name)
		got := written(t, d, func(ctx context.Context, w io.Writer, s *report.Snapshot) ([]string, error) {
			s.Disclosure = report.Shown
			return report.WriteStacks(ctx, w, s, kind)
		})
		if kind == profile.Threads { // the runtime may have started one since
			if g, o := total(got), total(own); g < o || g > o+3 {
				t.Errorf("%d threads, the program says %d", g, o)
			}
			continue
		}
		compareProfiles(t, without(got, "main.main"), without(own, "main.main"))
	}
}

// As long as no collection has published anything, everything counts, and a program that
// nobody asked has in its core what it would have said.
func TestHeapProfileUnasked(t *testing.T) {
	t.Parallel()
	for _, version := range profileBuilds() {
		for _, mode := range []string{"never", "unasked"} {
			t.Run(version+"/"+mode, func(t *testing.T) {
				t.Parallel()
				d := testcore.Core(t, "profiled", testcore.Options{Go: version}, testcore.Kernel, mode)
				got := written(t, d, report.WriteHeapProfile)
				for _, line := range d.Output {
					var want struct {
						Case, Function string
						Size, Objects  int64
					}
					if err := json.Unmarshal([]byte(line), &want); err != nil || want.Case != "allocated" {
						continue
					}
					objects := int64(0)
					for _, s := range got.Sample {
						if len(s.Location) > 0 && s.Location[0].Line[0].Function.Name == want.Function && s.NumLabel["bytes"][0] == want.Size {
							objects += s.Value[0]
						}
					}
					switch {
					case mode == "never" && objects != want.Objects:
						t.Errorf("%d objects of %d bytes by %s, the program made %d", objects, want.Size, want.Function, want.Objects)
					case mode == "unasked" && want.Function == "main.after" && objects != 0:
						t.Errorf("%d objects by %s, which no collection has seen", objects, want.Function)
					case mode == "unasked" && want.Function == "main.kept" && (objects < want.Objects*3/4 || objects > want.Objects*5/4):
						t.Errorf("%d objects by %s, the program made %d", objects, want.Function, want.Objects)
					}
				}
			})
		}
	}
}

func said(t *testing.T, d testcore.Dump, name string) *pprof.Profile {
	t.Helper()
	for _, line := range d.Output {
		var p struct{ Case, Name, Data string }
		if err := json.Unmarshal([]byte(line), &p); err != nil || p.Case != "profile" || p.Name != name {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(p.Data)
		if err != nil {
			t.Fatal(err)
		}
		own, err := pprof.ParseData(data)
		if err != nil {
			t.Fatal(err)
		}
		return own
	}
	t.Fatalf("the program has not written its %s profile", name)
	return nil
}

// written is what is written of a core, without any note.
func written(t *testing.T, d testcore.Dump, write func(context.Context, io.Writer, *report.Snapshot) ([]string, error)) *pprof.Profile {
	t.Helper()
	s, err := report.Load(t.Context(), d.Core, report.Options{Exe: d.Exe, Bare: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var b bytes.Buffer
	notes, err := write(t.Context(), &b, s)
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) > 0 {
		t.Errorf("notes on a whole core: %q", notes)
	}
	p, err := pprof.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.CheckValid(); err != nil {
		t.Fatal(err)
	}
	return p
}

// compareProfiles compares samples by their calls, labels and numbers. Those without
// numbers were first met behind the last collection, or while the program wrote.
func compareProfiles(t *testing.T, got, own *pprof.Profile) {
	t.Helper()
	if g, o := len(got.SampleType), len(own.SampleType); g != o {
		t.Fatalf("%d numbers a sample, the program's own has %d", g, o)
	}
	for i, st := range own.SampleType {
		if *got.SampleType[i] != *st {
			t.Errorf("number %d is %v, the program's own is %v", i, *got.SampleType[i], *st)
		}
	}
	a, b := samples(got), samples(own)
	if len(b) == 0 {
		t.Fatal("the program's own profile has no samples: it tests nothing")
	}
	for _, key := range slices.Sorted(maps.Keys(b)) {
		if a[key] != b[key] {
			t.Errorf("%d times, the program says %d:\n%s", a[key], b[key], key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(a)) {
		if b[key] == 0 {
			t.Errorf("the program does not have\n%s", key)
		}
	}
}

// without is a profile but for the samples that have a function on their stacks: who
// writes the profile stands elsewhere afterwards.
func without(p *pprof.Profile, function string) *pprof.Profile {
	p.Sample = slices.DeleteFunc(p.Sample, func(s *pprof.Sample) bool {
		return slices.ContainsFunc(s.Location, func(l *pprof.Location) bool { return l.Line[len(l.Line)-1].Function.Name == function })
	})
	return p
}

func total(p *pprof.Profile) (sum int64) {
	for _, s := range p.Sample {
		sum += s.Value[0]
	}
	return sum
}

func samples(p *pprof.Profile) map[string]int {
	all := map[string]int{}
	for _, s := range p.Sample {
		if !slices.ContainsFunc(s.Value, func(v int64) bool { return v != 0 }) {
			continue
		}
		var text strings.Builder
		fmt.Fprintf(&text, "%d %v %v\n", s.Value, s.NumLabel, s.Label)
		for _, l := range s.Location {
			for _, line := range l.Line {
				fmt.Fprintf(&text, "  %s %s:%d\n", line.Function.Name, line.Function.Filename, line.Line)
			}
		}
		all[text.String()]++
	}
	return all
}
