package corridor

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "goheap"

// may names, for each package that is imported by others or imports something
// that only some may, what it may import of the module. A name ending in "/..."
// stands for the package and all below it.
var may = map[string][]string{
	"internal/flat":     {},
	"internal/progress": {},
	"internal/arch":     {},
	"internal/files":    {},
	"internal/repeat":   {},
	"internal/capture":  {},
	"heap":              {"internal/flat", "internal/progress"},
	"dump":              {"internal/arch", "internal/files", "internal/flat", "internal/progress"},
	"gocore": {"dump", "heap", "gocore/account", "gocore/later", "gocore/member", "gocore/profile", "gocore/use", "gocore/wait", "gocore/waste", "gocore/internal/corefile", "gocore/internal/frames", "gocore/internal/heapdump", "gocore/internal/image", "gocore/internal/inferior", "gocore/internal/kept", "gocore/internal/keys", "gocore/internal/layout",
		"gocore/internal/library", "gocore/internal/members", "gocore/internal/notation", "gocore/internal/program", "gocore/internal/reach", "gocore/internal/recent", "gocore/internal/symbols", "gocore/internal/types", "gocore/internal/typing", "gocore/internal/unwind", "gocore/internal/uses", "gocore/internal/waits", "internal/flat", "internal/progress"},

	// The rooms of gocore, from the bottom up. No room sees names and values, which are
	// gocore's own; typing sees no files; the decoders do not see each other.
	"gocore/account":                  {},
	"gocore/profile":                  {},
	"gocore/internal/recent":          {"heap"},
	"gocore/member":                   {"heap"},
	"gocore/waste":                    {"heap"},
	"gocore/use":                      {},
	"gocore/wait":                     {"heap"},
	"gocore/later":                    {"heap"},
	"gocore/internal/kept":            {"gocore/later", "gocore/internal/frames", "gocore/internal/image", "gocore/internal/inferior", "gocore/internal/library", "gocore/internal/program", "gocore/internal/types", "gocore/internal/typing", "heap"},
	"gocore/internal/waits":           {"gocore/wait", "gocore/internal/frames", "gocore/internal/image", "gocore/internal/layout", "gocore/internal/program", "heap"},
	"gocore/internal/uses":            {"dump", "gocore/use", "gocore/internal/code", "gocore/internal/frames", "gocore/internal/image", "gocore/internal/program", "gocore/internal/symbols", "gocore/internal/types", "gocore/internal/typing", "gocore/internal/unwind"},
	"gocore/internal/members":         {"gocore/member", "gocore/internal/inferior", "gocore/internal/library", "gocore/internal/notation", "gocore/internal/types"},
	"gocore/internal/layout":          {"internal/arch"},
	"gocore/internal/layout/drift":    {"gocore/internal/layout", "gocore/internal/symbols"},
	"gocore/internal/layout/tabulate": {"gocore/internal/code", "gocore/internal/layout", "gocore/internal/pclntab", "gocore/internal/symbols", "internal/testcore"},
	"gocore/internal/code":            {},
	"gocore/internal/pclntab":         {"internal/arch"},
	"gocore/internal/symbols/info":    {},
	"gocore/internal/types":           {"gocore/internal/layout", "gocore/internal/symbols/info", "internal/arch"},
	"gocore/internal/aself":           {"dump"},
	"gocore/internal/symbols":         {"dump", "gocore/internal/aself", "gocore/internal/symbols/info", "gocore/internal/types", "internal/arch"},
	"gocore/internal/keys":            {"gocore/internal/inferior", "gocore/internal/notation", "gocore/internal/types"},
	"gocore/internal/unwind":          {"gocore/internal/pclntab", "internal/arch"},
	"gocore/internal/inferior":        {"dump", "gocore/internal/layout", "gocore/internal/types", "internal/arch"},
	"gocore/internal/frames":          {"gocore/profile", "gocore/internal/code", "gocore/internal/image", "gocore/internal/notation", "gocore/internal/pclntab", "gocore/internal/program", "gocore/internal/symbols", "gocore/internal/types", "gocore/internal/typing", "gocore/internal/unwind"},
	"gocore/internal/notation":        {"internal/repeat"},
	"gocore/internal/library":         {"gocore/internal/inferior", "gocore/internal/layout", "gocore/internal/notation", "gocore/internal/types"},
	"gocore/internal/image":           {"dump", "gocore/account", "heap", "gocore/internal/types", "gocore/internal/unwind", "internal/arch", "internal/flat", "internal/progress"},
	"gocore/internal/typing":          {"dump", "heap", "gocore/internal/image", "gocore/internal/inferior", "gocore/internal/types", "internal/arch", "internal/flat", "internal/progress"},
	"gocore/internal/program": {"dump", "gocore/account", "gocore/profile", "gocore/internal/aself", "gocore/internal/code", "gocore/internal/image", "gocore/internal/inferior", "gocore/internal/layout", "gocore/internal/pclntab", "gocore/internal/symbols",
		"gocore/internal/types", "gocore/internal/typing", "gocore/internal/unwind", "internal/arch"},
	"gocore/internal/reach": {"dump", "heap", "gocore/waste", "gocore/internal/frames", "gocore/internal/image", "gocore/internal/inferior", "gocore/internal/layout", "gocore/internal/types", "gocore/internal/typing", "internal/flat", "internal/progress"},
	"gocore/internal/corefile": {"dump", "gocore/account", "heap", "gocore/internal/image", "gocore/internal/layout", "gocore/internal/program", "gocore/internal/symbols",
		"gocore/internal/types", "gocore/internal/unwind", "internal/flat", "internal/progress"},
	"gocore/internal/heapdump": {"dump", "gocore/account", "heap", "gocore/internal/image", "gocore/internal/program", "gocore/internal/symbols",
		"gocore/internal/types", "gocore/internal/unwind", "internal/arch", "internal/flat", "internal/progress"},
	"gocore/internal/doctored": {"dump", "gocore/internal/program", "internal/testcore"}, // for tests

	"report":                {"gocore", "gocore/account", "gocore/later", "gocore/member", "gocore/profile", "gocore/use", "gocore/wait", "gocore/waste", "heap", "internal/files", "internal/flat", "internal/progress", "internal/repeat"},
	"tui":                   {"report", "gocore", "heap", "internal/progress"},
	"cmd/goheap":            {"tui", "report", "gocore/account", "gocore/profile", "internal/capture", "internal/files", "internal/progress"},
	"heap/heaptest":         {"heap"},
	"internal/corridor":     {},
	"internal/fakeprocess":  {"gocore", "gocore/account", "gocore/later", "gocore/member", "gocore/profile", "gocore/use", "gocore/wait", "gocore/waste", "heap"}, // for the tests of report and tui
	"internal/testcore/...": {"dump", "gocore", "heap", "report", "internal/..."},
}

// only names the packages that may import, beside tests, a module from outside
// or anything below it.
var only = map[string][]string{
	"github.com/rivo/tview":           {"tui"},
	"github.com/gdamore/tcell/v2":     {"tui"},
	"github.com/spf13/cobra":          {"cmd/goheap"},
	"golang.org/x/arch":               {"gocore/internal/code"},
	"golang.org/x/term":               {"cmd/goheap", "tui"},
	"github.com/rivo/uniseg":          {"report", "tui"},
	"github.com/dustin/go-humanize":   {"report"},
	"github.com/expr-lang/expr":       {"report"},
	"github.com/go-delve/delve":       {"gocore/internal/..."},
	"golang.org/x/sys":                {"dump", "internal/...", "tui"},
	"github.com/klauspost/compress":   {"dump", "internal/capture"},
	"github.com/pierrec/lz4/v4":       {"dump"},
	"gonum.org/v1/gonum":              {},
	"github.com/google/go-cmp":        {},
	"github.com/google/pprof":         {"report"},
	"github.com/rogpeppe/go-internal": {},
}

// covers reports whether pattern stands for name.
func covers(pattern, name string) bool {
	below, all := strings.CutSuffix(pattern, "/...")
	return pattern == name || all && (name == below || strings.HasPrefix(name, below+"/"))
}

func covered(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return covers(p, name) })
}

// complaints says what a package imports against the rules.
func complaints(name string, imports []string) []string {
	var found []string
	allowed, known := may[name]
	for pattern, list := range may {
		if !known && covers(pattern, name) {
			allowed, known = list, true
		}
	}
	if !known {
		return []string{name + " has no rule: give it one"}
	}
	for _, i := range imports {
		switch own, inside := strings.CutPrefix(i, module+"/"); {
		case inside && !covered(allowed, own):
			found = append(found, name+" must not import "+own)
		case !inside && strings.Contains(strings.Split(i, "/")[0], "."):
			ruled := false
			for outside, users := range only {
				if !covers(outside+"/...", i) {
					continue
				}
				ruled = true
				if !covered(users, name) {
					found = append(found, name+" must not import "+i)
				}
			}
			if !ruled {
				found = append(found, "no rule says that "+name+" may import "+i)
			}
		}
	}
	return found
}

func TestImports(t *testing.T) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	seen := map[string]bool{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		seen[name] = true
		for _, complaint := range complaints(name, p.Imports) {
			t.Error(complaint)
		}
		if path.Base(name) == "util" {
			t.Errorf("%s: no package is called util", name)
		}
	}
	for _, name := range []string{"dump", "gocore", "heap", "report", "tui", "cmd/goheap"} {
		if !seen[name] {
			t.Errorf("go list does not know %s", name)
		}
	}
}

// The rules find what they are made for.
func TestRules(t *testing.T) {
	for _, test := range []struct {
		name    string
		imports []string
		bad     int
	}{
		{"heap", []string{"fmt", "goheap/internal/flat"}, 0},
		{"heap", []string{"goheap/gocore", "goheap/dump"}, 2},
		{"report", []string{"goheap/tui"}, 1},
		{"report", []string{"github.com/spf13/cobra"}, 1},
		{"tui", []string{"github.com/rivo/tview", "github.com/gdamore/tcell/v2", "goheap/dump"}, 1},
		{"cmd/goheap", []string{"github.com/spf13/cobra/doc", "github.com/rivo/tview"}, 1},
		{"gocore/internal/symbols", []string{"github.com/go-delve/delve/pkg/dwarf/op", "goheap/report"}, 1},
		{"gocore/internal/typing", []string{"goheap/gocore/internal/image", "goheap/gocore/internal/symbols", "goheap/gocore/internal/program"}, 2},
		{"gocore/internal/corefile", []string{"goheap/gocore/internal/heapdump", "goheap/gocore"}, 2},
		{"somewhere", nil, 1},
		{"dump", []string{"example.com/new"}, 1},
	} {
		if got := complaints(test.name, test.imports); len(got) != test.bad {
			t.Errorf("%s importing %v: %v, want %d complaints", test.name, test.imports, got, test.bad)
		}
	}
}
