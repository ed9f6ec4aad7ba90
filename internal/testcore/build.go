package testcore

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const (
	programs = "testdata/programs"
	shared   = "testdata/programs/internal" // packages that programs import
)

func (c cache) build(program string, opt Options) (exe string, err error) {
	among, name := path.Split(program)
	if !filepath.IsLocal(program) || name == "" || among != "" && among != "cases/" {
		return "", fmt.Errorf("test program %q: want the name of a folder in %s or its cases", program, programs)
	}
	folders := []string{path.Join(programs, program), shared}
	if among != "" {
		folders = append(folders, path.Join(programs, among, "internal"))
	}
	source, err := sourceKey(c.root, folders...)
	if err != nil {
		return "", fmt.Errorf("test program %s: %w", program, err)
	}
	needsC, noC := cCompiler(&opt)
	if needsC && noC != nil {
		return "", noC
	}
	if noC != nil && opt.goarch() == runtime.GOARCH {
		opt.Env = append(slices.Clip(opt.Env), "CGO_ENABLED=0") // before Go 1.20 it is not found out
	}
	key := keyOf("build", c.root, program, source, opt.toolchain(), runtime.GOOS, opt.goarch(),
		fmt.Sprint(opt.PIE), strings.Join(opt.Flags, "\x00"), strings.Join(opt.Env, "\x00"))
	dir, err := c.entry("exe-"+name, key, func(dir string) error {
		opt.tell("building %s/%s with %s (the first time, the library too)", programs, program, opt.toolchain())
		return c.compile(dir, program, opt)
	})
	if err != nil {
		return "", fmt.Errorf("building test program %s with %s: %w", program, opt.toolchain(), err)
	}
	return filepath.Join(dir, name), nil
}

func (c cache) compile(dir, program string, opt Options) error {
	// Programs need the standard library only. A module file of their own lets
	// a toolchain older than goheap's build them, and keeps them buildable
	// whatever the state of goheap's dependencies.
	work := filepath.Join(dir, "module")
	if err := os.Mkdir(work, 0o777); err != nil {
		return err
	}
	defer os.RemoveAll(work)
	mod := filepath.Join(work, "go.mod")
	text := "module goheap\n\ngo " + opt.language() + "\n"
	if err := os.WriteFile(mod, []byte(text), 0o666); err != nil {
		return err
	}
	mode := ""
	if opt.PIE {
		mode = "pie"
	}
	if err := c.goBuild(mod, filepath.Join(dir, path.Base(program)), mode, path.Join(programs, program), opt); err != nil {
		return err
	}
	// A program may have a plugin, which it finds beside it.
	extension := path.Join(programs, program, "extension")
	if _, err := os.Stat(filepath.Join(c.root, extension)); err != nil {
		return nil
	}
	return c.goBuild(mod, filepath.Join(dir, "extension.so"), "plugin", extension, opt)
}

// goBuild builds one package in a mode, "" for that of the toolchain.
func (c cache) goBuild(mod, out, mode, folder string, opt Options) error {
	args := []string{"build", "-modfile=" + mod, "-buildvcs=false", "-o", out}
	if mode != "" {
		args = append(args, "-buildmode="+mode)
	}
	args = append(args, opt.Flags...)
	args = append(args, "./"+folder)
	cmd := exec.Command("go", args...)
	cmd.Dir = c.root
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+opt.toolchain(), "GOFLAGS=", "GOWORK=off")
	if opt.goarch() != runtime.GOARCH {
		cmd.Env = append(cmd.Env, "GOARCH="+opt.goarch(), "CGO_ENABLED=0")
	}
	cmd.Env = append(cmd.Env, opt.Env...)
	if opt.language() == "1.19" || opt.toolchain() == "go1.20" {
		// Its index of packages takes a toolchain in the module cache for a module, and
		// then knows no folders (cmd/go/internal/modindex, Go 1.19). What the program
		// itself is told by GODEBUG the build has no use for.
		cmd.Env = append(cmd.Env, "GODEBUG=goindex=0")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}
