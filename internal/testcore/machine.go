package testcore

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// ErrLacks is wrapped by every error that says that a core, or an executable, cannot
// be had on this machine, and what that lacks. Tests that need it are skipped.
var ErrLacks = errors.New("not on this machine")

func lacks(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrLacks, fmt.Errorf(format, args...))
}

// Lacking returns what this machine lacks of that which the tests take, a sentence each.
// Those that need it are skipped.
func Lacking() (list []string) {
	add := func(err error) {
		if err != nil {
			list = append(list, strings.TrimPrefix(err.Error(), ErrLacks.Error()+": "))
		}
	}
	_, noC := cCompiler(nil)
	for _, err := range []error{hasGcore(), KernelCores(), noC, hasNamespaces()} {
		add(err)
	}
	for _, goarch := range []string{"386", "arm64", "arm", "loong64", "ppc64le", "s390x"} {
		_, err := Emulator(goarch)
		add(err)
	}
	for _, tool := range [][2]string{{"objcopy", "binutils"}, {"tmux", "tmux"}} {
		if _, err := exec.LookPath(tool[0]); err != nil {
			add(lacks("%s is not installed: apt-get install %s", tool[0], tool[1]))
		}
	}
	return list
}

// hasGcore says why gdb cannot take cores, if it is not there. Whether it may is seen
// where it tries.
func hasGcore() error {
	if _, err := exec.LookPath("gcore"); err != nil {
		return lacks("gcore is not installed; it comes with gdb: apt-get install gdb (goheap captures running processes instead)")
	}
	return nil
}

// KernelCores says why the kernel would leave no core in the working folder of a
// process that crashes, if so (core(5)).
func KernelCores() error {
	const file = "/proc/sys/kernel/core_pattern"
	b, err := os.ReadFile(file)
	if err != nil {
		return lacks("cannot tell where the kernel puts core files: %w", err)
	}
	pattern := strings.TrimSpace(string(b))
	if !strings.HasPrefix(pattern, "core") || strings.Contains(pattern, "/") {
		return lacks("%s is %q, so the kernel leaves no core in the working folder; as root: sysctl -w kernel.core_pattern=core", file, pattern)
	}
	return coreLimit()
}

// hasNamespaces says why processes cannot have a pid namespace of their own, if so.
func hasNamespaces() error {
	if out, err := exec.Command("unshare", "--pid", "--fork", "--kill-child", "true").CombinedOutput(); err != nil {
		return lacks("a pid namespace cannot be made: %w %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// cCompiler says whether a build with the options needs a C compiler, and why there is
// none, if so. As go does, it takes the word of CC for what it is called.
func cCompiler(opt *Options) (needed bool, err error) {
	cc := strings.Fields(os.Getenv("CC"))
	if len(cc) == 0 {
		cc = []string{"gcc"}
	}
	if _, lookErr := exec.LookPath(cc[0]); lookErr != nil {
		err = lacks("there is no C compiler, %s: apt-get install gcc libc6-dev", cc[0])
	}
	if opt == nil {
		return false, err
	}
	for _, s := range slices.Concat(opt.Env, opt.Flags) {
		needed = needed || s == "CGO_ENABLED=1" || s == "-race"
	}
	return needed, err
}

// Emulator returns the path of the program that runs programs for a processor, ""
// if the machine runs them itself.
func Emulator(goarch string) (string, error) {
	return machine{exec.LookPath, runsThreads}.emulator(goarch)
}

// machine is what an emulator is looked for with.
type machine struct {
	look func(name string) (path string, err error)
	// runs says why programs for a processor do not run, under an emulator where that
	// is not "".
	runs func(goarch, emulator string) error
}

func (m machine) emulator(goarch string) (string, error) {
	if goarch == runtime.GOARCH {
		return "", nil
	}
	var native error
	if goarch == "386" && runtime.GOARCH == "amd64" {
		// The processor can. The kernel may have been built, or started, without:
		// CONFIG_IA32_EMULATION, ia32_emulation=0.
		if native = m.runs(goarch, ""); native == nil {
			return "", nil
		} else if !errors.Is(native, ErrLacks) {
			return "", native
		}
	}
	name := "qemu-" + goarch
	switch goarch {
	case "386":
		name = "qemu-i386"
	case "arm64":
		name = "qemu-aarch64"
	case "loong64":
		name = "qemu-loongarch64"
	}
	path, err := m.look(name)
	if err != nil {
		err = lacks("%s is not installed: apt-get install qemu-user", name)
	} else if native != nil {
		err = m.runs(goarch, path)
	}
	if err != nil && native != nil {
		err = fmt.Errorf("%w; and %w", native, err)
	}
	if err != nil {
		return "", err
	}
	return path, nil
}

// runsThreads runs a program that does nothing, but that with several threads. qemu-i386
// has one table of segments for all threads of a process, of which those of Go programs
// each need their own (set_thread_area(2); version 7.2), and fails most of the time.
func runsThreads(goarch, emulator string) error {
	c, err := findCache()
	if err != nil {
		return err
	}
	exe, err := c.build("threads", Options{Arch: goarch})
	if err != nil {
		return err
	}
	if emulator == "" {
		if err := exec.Command(exe).Run(); err != nil {
			return lacks("programs for %s do not run here: %w", goarch, err)
		}
		return nil
	}
	for range 5 {
		// It leaves no core where it fails.
		if err := exec.Command("/bin/sh", "-c", `ulimit -c 0 && exec "$0" "$1"`, emulator, exe).Run(); err != nil {
			return lacks("programs for %s do not run under %s: %w", goarch, emulator, err)
		}
	}
	return nil
}
