//go:build culprits

package culprits

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"goheap/internal/testcore"
)

var (
	goVersion = flag.String("build", "", "toolchain that builds the programs, as in GOTOOLCHAIN")
	heapDumps = flag.Bool("heapdump", false, "read heap dumps instead of cores")
	stripped  = flag.Bool("stripped", false, "read with executables without debugging information and symbols")
	only      = flag.String("only", "", "try the programs that the pattern matches, and print their screens and all misses")
)

func minor(toolchain string) int {
	parts := strings.Split(strings.TrimPrefix(toolchain, "go"), ".")
	if len(parts) < 2 {
		return 1 << 10
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		return 1 << 10
	}
	return n
}

// older builds what newer versions of Go no longer let leak.
const older = "go1.22.12"

func TestCulprits(t *testing.T) {
	pattern, err := regexp.Compile(*only)
	if err != nil {
		t.Fatal(err)
	}
	goheap := filepath.Join(t.TempDir(), "goheap")
	if out, err := exec.Command("go", "build", "-o", goheap, "goheap/cmd/goheap").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	kind := testcore.Gcore
	if *heapDumps {
		kind = testcore.HeapDump
	}
	tried, ok := 0, 0
	for _, e := range inventory {
		if !pattern.MatchString(e.program) {
			continue
		}
		opt := testcore.Options{Go: *goVersion}
		version := 26
		if opt.Go != "" {
			version = minor(opt.Go)
		}
		if e.to != 0 && version > e.to {
			opt.Go = older
		}
		if version < e.from {
			fmt.Println(oneLine(fmt.Sprintf("-    %s: needs Go 1.%d", e.program, e.from)))
			continue
		}
		without := *heapDumps && e.noDump != ""
		if without {
			e.texts, e.holderOnly = nil, true
		}
		d, err := testcore.Take("cases/"+e.program, opt, kind)
		if errors.Is(err, testcore.ErrLacks) && kind == testcore.Gcore {
			d, err = testcore.Take("cases/"+e.program, opt, testcore.Kernel)
		}
		if errors.Is(err, testcore.ErrLacks) {
			fmt.Println(oneLine(fmt.Sprintf("-    %s: %v", e.program, err)))
			continue
		}
		if !without {
			tried++
		}
		if err != nil {
			t.Errorf("%s: %v", e.program, err)
			continue
		}
		holds, err := said(d.Output)
		if err != nil {
			t.Errorf("%s: %v", e.program, err)
			continue
		}
		file := d.Core
		if *heapDumps {
			file = d.Heap
		}
		exe, vars := d.Exe, (*variables)(nil)
		if *stripped {
			if vars, err = readVariables(d.Exe); err != nil {
				t.Errorf("%s: %v", e.program, err)
				continue
			}
			if exe, err = testcore.Strip(d.Exe, t.TempDir(), testcore.Symbols); err != nil {
				t.Errorf("%s: %v", e.program, err)
				continue
			}
		}
		cmd := exec.Command(goheap, "report", "--exe", exe, file)
		cmd.Env = append(os.Environ(), fmt.Sprint("COLUMNS=", screenColumns), fmt.Sprint("LINES=", screenLines))
		var stderr strings.Builder
		cmd.Stderr = &stderr
		text, err := cmd.Output()
		if err != nil {
			t.Errorf("%s: %v\n%s", e.program, err, stderr.String())
			continue
		}
		seen := screen(string(text))
		wanted := e
		names := seen
		if vars != nil {
			wanted, names = e.stripped(vars), strings.ReplaceAll(vars.named(seen), "≈ ", "")
		}
		misses := wanted.misses(names, holds, *heapDumps)
		if len(misses) > 0 {
			t.Fail()
		}
		if *only != "" {
			fmt.Printf("%s\n\n%s\n\n%s\n%s\n", file, seen, strings.Join(d.Output, "\n"), strings.Join(misses, "\n"))
		}
		switch {
		case without && len(misses) == 0:
			fmt.Println(oneLine(fmt.Sprintf("-    %s: heap dumps lack %s", e.program, e.noDump)))
			continue
		case len(misses) == 0:
			ok++
		}
		fmt.Println(verdict(e.program, misses))
	}
	fmt.Printf("%d of %d\n", ok, tried)
}
