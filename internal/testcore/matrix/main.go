// Matrix builds test programs with every Go version that goheap reads, in every
// way in which they can be built, takes their cores, and says whether goheap finds
// in all of them what it finds in the newest.
//
//	matrix [-o FILE] [-go LIST] [-sessions N]
//
// The table is written to FILE. The exit status is 4 where a cell of it fails.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// versions are one release of each Go version, the newest first: the others are
// compared with it.
const versions = "go1.27.0 go1.26.8 go1.25.0 go1.24.6 go1.23.12 go1.22.12 go1.21.13 go1.20.14 go1.19.13 go1.18.10"

// program is a test program, and the oldest Go minor version that builds it.
type program struct {
	name   string
	args   []string
	oldest int
	// alike says that all its objects are held by global variables, so that each
	// version has the same. What frames hold is for the compiler to decide.
	alike bool
}

// cell is what was found in one core.
type cell struct {
	err       error
	differs   []string // checks
	typed     float64  // percent of the live bytes
	conflicts uint64
	types     map[string]int // objects by type, of the program's own types
	unlike    string         // how types differ from the newest version's
}

func main() {
	out := flag.String("o", "", "where to write the table, beside standard output")
	list := flag.String("go", versions, "the toolchains, as in GOTOOLCHAIN, the one to compare with first")
	sessions := flag.String("sessions", "20000", "the number of sessions of the largest program")
	flag.Parse()
	programs := []program{
		{"sessions", []string{*sessions}, 18, true},
		{"oldmaps", nil, 18, true},
		{"quiet", nil, 25, true},
		{"probe", nil, 25, false},
		{"kinds", nil, 26, false},
	}
	var table strings.Builder
	writeHead(&table, programs)
	failed := false
	newest := map[string]map[string]int{} // by program and build
	for _, v := range strings.Fields(*list) {
		for _, pie := range []bool{false, true} {
			opt := testcore.Options{Go: v, PIE: pie}
			fmt.Fprintf(&table, "| %s | %s |", strings.TrimPrefix(v, "go"), buildName(pie))
			for _, p := range programs {
				if minor(v) < p.oldest {
					fmt.Fprint(&table, " |")
					continue
				}
				c := look(p, opt)
				if want, ok := newest[p.name]; !ok {
					newest[p.name] = c.types
				} else if c.err == nil && p.alike {
					c.unlike = unlike(c.types, want)
				}
				text, ok := c.text(v)
				failed = failed || !ok
				fmt.Fprintf(&table, " %s |", text)
				fmt.Fprintf(os.Stderr, "%s %s %s: %s\n", v, buildName(pie), p.name, text)
			}
			fmt.Fprintln(&table)
		}
	}
	io.WriteString(os.Stdout, table.String())
	if *out != "" {
		if err := os.WriteFile(*out, []byte(table.String()), 0o666); err != nil {
			fmt.Fprintln(os.Stderr, "matrix:", err)
			os.Exit(1)
		}
	}
	if failed {
		os.Exit(4)
	}
}

func writeHead(w io.Writer, programs []program) {
	fmt.Fprint(w, `# Compatibility

Made by `+"`make test-matrix`"+`: each test program is built with each Go version on linux/amd64, and goheap reads its core. A cell has the share of live bytes with a type, and says where a check against the program's own runtime differs, where a claim on a type was rejected, or where the program's own types have other numbers of objects than in the newest version (of the first three programs: what frames hold in the others is for the compiler to decide). An empty cell is a program that uses newer features of Go.

`)
	fmt.Fprint(w, "| Go | build |")
	for _, p := range programs {
		fmt.Fprintf(w, " %s |", p.name)
	}
	fmt.Fprint(w, "\n|---|---|")
	for range programs {
		fmt.Fprint(w, "---|")
	}
	fmt.Fprintln(w)
}

func buildName(pie bool) string {
	if pie {
		return "PIE"
	}
	return "exe"
}

// minor is the 26 of go1.26.8.
func minor(version string) (n int) {
	fmt.Sscanf(version, "go1.%d", &n)
	return n
}

// look takes a core and reads it.
func look(p program, opt testcore.Options) (c cell) {
	dump, err := testcore.Take(p.name, opt, testcore.Kernel, p.args...)
	if err != nil {
		return cell{err: err}
	}
	ctx := context.Background()
	proc, err := gocore.Open(ctx, dump.Core, gocore.Options{})
	if err != nil {
		return cell{err: err}
	}
	defer proc.Close()
	g, err := proc.Graph(ctx)
	if err != nil {
		return cell{err: err}
	}
	checks, err := proc.Check(ctx)
	if err != nil {
		return cell{err: err}
	}
	for _, x := range checks {
		if x.Status == gocore.CheckDiffers {
			c.differs = append(c.differs, fmt.Sprintf("%s: %d", x.Name, x.Difference))
		}
	}
	var live, typed uint64
	c.types = map[string]int{}
	for n, id := range proc.TypeIDs() {
		if id == 0 {
			continue
		}
		size := g.Size(heap.Node(n))
		live += size
		info := proc.TypeInfo(id)
		if info.Known {
			typed += size
		}
		if info.Package == "main" && !strings.HasPrefix(info.Name, "closure ") {
			c.types[info.Name]++
		}
	}
	c.typed = 100 * float64(typed) / float64(max(live, 1))
	c.conflicts = proc.Typing().Conflicts
	return c
}

// unlike says where two histograms differ first.
func unlike(got, want map[string]int) string {
	names := map[string]bool{}
	for name := range got {
		names[name] = true
	}
	for name := range want {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if got[name] != want[name] {
			return fmt.Sprintf("%d × %s, not %d", got[name], name, want[name])
		}
	}
	return ""
}

// text is what the table shows of a cell, and whether it is as it has to be.
func (c cell) text(version string) (string, bool) {
	if c.err != nil {
		first, _, _ := strings.Cut(c.err.Error(), "\n")
		return "**fails**: " + strings.ReplaceAll(first, "|", "/"), false
	}
	least := 99.0
	if minor(version) < 23 {
		least = 98
	}
	text, ok := fmt.Sprintf("%.2f %%", c.typed), c.typed >= least
	if !ok {
		text = "**" + text + "**"
	}
	for _, d := range c.differs {
		text, ok = text+"; **"+d+"**", false
	}
	if c.conflicts > 0 {
		text, ok = fmt.Sprintf("%s; **%d conflicts**", text, c.conflicts), false
	}
	if c.unlike != "" {
		text, ok = text+"; **"+c.unlike+"**", false
	}
	return text, ok
}
