package culprits

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const good = `app  pid 812  go1.26.8 linux/amd64          52.4 MiB live in 212,000 objects

1  main.app.sessions  map[int]*main.Session      20.1 MiB (38 %)   20,000 entries
2  main.app.audit     []string                   19.5 MiB (37 %)   60,000 strings
   All below main.app (52.2 MiB). One dump does not say which of them grows.

Holders                                    retains    reaches  objects
  main.app                                 52.2 MiB  52.2 MiB  212,000
  50 goroutines in main.handler.func1       49 KiB   50.0 MiB      150
  the runtime's own                         96 KiB`

func TestMisses(t *testing.T) {
	e := expected{program: "app", texts: []string{"main.app.sessions|.sessions", "map[int]*main.Session"}, culprits: []string{"main.app"}}
	holds := []culprit{{Count: 20000, Bytes: 20.05 * (1 << 20)}, {Count: 60000, Bytes: 19.6 * (1 << 20)}}
	for _, test := range []struct {
		old, new string
		want     []string
	}{
		{"", "", nil},
		{"main.app.sessions", "main.app.s", []string{`no "main.app.sessions|.sessions"`}},
		{"map[int]*main.Session", "[]*maps.table        ", []string{`no "map[int]*main.Session"`}},
		{"20,000", "120,000", []string{`no "20,000"`}},
		{"60,000", "60,000.5", []string{`no "60,000"`}},
		{"20.1 MiB", "20.3 MiB", []string{"no 20.1 MiB"}},
		{"20.1 MiB", "20.1 KiB", []string{"no 20.1 MiB"}},
		{"19.5 MiB", "19.3 MiB", []string{"no 19.6 MiB"}},
		{"the runtime's own  ", "[]*runtime.g      ", []string{"innocent []*runtime.g"}},
		{"the runtime's own  ", "runtime.mPadded   ", []string{"innocent runtime.mPadded"}},
		{"the runtime's own  ", "runtime.gopark    ", nil},
		{"\nHolders", "3  main.other 2.0 MiB\n   since 12:00\n\nHolders", []string{"innocent suspect main.other 2.0 MiB since 12:00"}},
		{"app  pid", strings.Repeat("\n", 22) + "app  pid", []string{`no "main.app.sessions|.sessions"`, `no "map[int]*main.Session"`, `no "20,000"`, "no 20.1 MiB", `no "60,000"`, "no 19.6 MiB"}}, // below the screen
	} {
		got := e.misses(screen(strings.Replace(good, test.old, test.new, 1)), holds, false)
		if !slices.Equal(got, test.want) {
			t.Errorf("%q for %q: %q, want %q", test.new, test.old, got, test.want)
		}
	}
	e.holderOnly = true
	if got := e.misses(good, []culprit{{Count: 7, Bytes: 7}}, false); len(got) != 0 {
		t.Errorf("with the holder alone: %q", got)
	}
	e.texts = []string{proven}
	if got := e.misses(good, nil, true); !slices.Equal(got, []string{`no "likely leaked"`}) {
		t.Errorf("in a heap dump: %q", got)
	}
}

// What a terminal cuts off is not on the screen.
func TestScreen(t *testing.T) {
	text := strings.Repeat("ä", 90) + "\n" + strings.Repeat("x\n", 40)
	lines := strings.Split(screen(text), "\n")
	if len(lines) != screenLines || lines[0] != strings.Repeat("ä", screenColumns) {
		t.Errorf("%d lines, the first %q", len(lines), lines[0])
	}
}

func TestVerdict(t *testing.T) {
	if got := verdict("queue", nil); got != "ok   queue" {
		t.Errorf("%q", got)
	}
	got := verdict("queue", []string{strings.Repeat("é", 100)})
	if n := len([]rune(got)); n != screenColumns || !strings.HasPrefix(got, "MISS queue: é") {
		t.Errorf("%d columns: %q", n, got)
	}
}

// Every program has its expectation, and the other way round.
func TestInventory(t *testing.T) {
	const programs = "../../../testdata/programs/cases"
	list, err := os.ReadDir(programs)
	if err != nil {
		t.Fatal(err)
	}
	var folders, known []string
	for _, d := range list {
		if d.Name() != "internal" {
			folders = append(folders, d.Name())
		}
	}
	for _, e := range inventory {
		known = append(known, e.program)
		source, err := os.ReadFile(filepath.Join(programs, e.program, "main.go"))
		if err != nil {
			t.Error(err)
			continue
		}
		says := strings.Contains(string(source), "stand.Culprit(") || strings.Contains(string(source), "stand.Measured(")
		if healthy := len(e.culprits) == 0; !says && !healthy && !e.holderOnly {
			t.Errorf("%s does not say what it holds", e.program)
		}
		if !strings.Contains(string(source), "stand.Ready(") {
			t.Errorf("%s is never ready", e.program)
		}
	}
	slices.Sort(known)
	if !slices.Equal(folders, known) {
		t.Errorf("programs %q, expectations for %q", folders, known)
	}
}
