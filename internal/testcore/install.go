package testcore

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// Install returns the path of the command that a package of another module is, of one
// version, built with flags of go build. The first time it asks the module proxy; its
// error says so where that does not answer.
func Install(pkg, version string, opt Options) (exe string, err error) {
	c, err := findCache()
	if err != nil {
		return "", err
	}
	name := commandName(pkg)
	key := keyOf("install", pkg, version, opt.toolchain(), strings.Join(opt.Flags, "\x00"), strings.Join(opt.Env, "\x00"))
	dir, err := c.entry("install-"+name, key, func(dir string) error {
		opt.tell("building %s@%s with %s (the first time, what it imports too)", pkg, version, opt.toolchain())
		args := append([]string{"install"}, opt.Flags...)
		cmd := exec.Command("go", append(args, pkg+"@"+version)...)
		cmd.Dir = dir // of no module
		cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+opt.toolchain(), "GOFLAGS=", "GOWORK=off", "GOBIN="+dir)
		cmd.Env = append(cmd.Env, opt.Env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go install %s@%s: %w\n%s\nIt is fetched from the module proxy (go env GOPROXY) unless the module cache has it: without a network, run this where there is one", pkg, version, err, out)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, name), nil
}

// commandName is what go install calls the command of a package: the last element of
// its path that is no major version (go help install).
func commandName(pkg string) string {
	last := path.Base(pkg)
	if digits, ok := strings.CutPrefix(last, "v"); ok && digits != "" && strings.Trim(digits, "0123456789") == "" {
		return path.Base(path.Dir(pkg))
	}
	return last
}
