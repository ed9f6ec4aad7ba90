// Tabulate writes what package layout has recorded of the runtime for programs without
// debugging information: it builds test programs with each version of Go, reads their
// DWARF and their code, and keeps of other versions what was recorded before.
//
//	tabulate [-arch amd64,arm64] [-o FOLDER] ["go1.27.0" "go1.25.0 X:greenteagc" …]
//
// Without versions it does so for all that the tables have.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"goheap/gocore/internal/layout"
	"goheap/internal/testcore"
)

// enough is how many functions are recorded for each variable, so that some that are
// compiled otherwise, for a newer processor or by a profile, can be done without.
const enough = 5

func main() {
	archs := flag.String("arch", "amd64,arm64", "processors, as in GOARCH")
	folder := flag.String("o", "gocore/internal/layout/tables", "the folder of the tables")
	flag.Parse()
	for _, arch := range strings.Split(*archs, ",") {
		if err := tabulate(filepath.Join(*folder, arch+".txt"), arch, flag.Args()); err != nil {
			fmt.Fprintln(os.Stderr, "tabulate:", err)
			os.Exit(1)
		}
	}
}

func tabulate(path, arch string, versions []string) error {
	table := layout.NewRecorded()
	text, err := os.ReadFile(path)
	if err == nil {
		table, err = layout.ParseRecorded(text)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(versions) == 0 {
		versions = append(versions, table.Builds...)
	}
	for _, v := range versions {
		version, all, err := facts(testcore.BuildFor, options(v, arch))
		if err != nil {
			return err
		}
		if version != v {
			return fmt.Errorf("%s for %s calls itself %s", v, arch, version)
		}
		table.Add(v, all)
		fmt.Fprintln(os.Stderr, arch, v, len(all), "facts")
	}
	table.Choose(enough)
	return os.WriteFile(path, append([]byte(header), table.Text()...), 0o666)
}

const header = "# Made by go generate ./gocore/internal/layout: see recorded.go for what a line says.\n"

// options says how programs are built so that their version is the given one.
func options(version, arch string) testcore.Options {
	toolchain, experiments := layout.SplitVersion(version)
	opt := testcore.Options{Go: toolchain, Arch: arch}
	if experiments != "" {
		opt.Env = []string{"GOEXPERIMENT=" + experiments}
	}
	return opt
}
