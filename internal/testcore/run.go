package testcore

import (
	"bufio"
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"goheap/internal/capture"
)

const (
	startTime = 3 * time.Minute // until "ready"
	dumpTime  = 5 * time.Minute // from "ready" to the end of the core file
)

// heapDumpFile is the name of a heap dump in its cache entry.
const heapDumpFile = "heapdump"

func (c cache) core(program string, opt Options, kind Kind, args []string) (Dump, error) {
	if kinds := []Kind{Gcore, Captured, Kernel, HeapDump, HeapDumpGcore}; !slices.Contains(kinds, kind) {
		return Dump{}, fmt.Errorf("unknown kind of core %q: want one of %q", kind, kinds)
	}
	// Asking for the executable first keeps it as young as its cores.
	exe, err := c.build(program, opt)
	if err != nil {
		return Dump{}, err
	}
	// The executable's folder is named by its own key, so its path stands for
	// everything that went into it.
	parts := []string{"core", exe, string(kind), strings.Join(args, "\x00")}
	if kind == Gcore && hasGcore() != nil {
		parts = append(parts, "captured")
	}
	if opt.At != "" {
		parts = append(parts, opt.At, strconv.Itoa(opt.Skip))
	}
	if opt.Filter != "" || opt.Namespace {
		parts = append(parts, opt.Filter, fmt.Sprint(opt.Namespace))
	}
	key := keyOf(parts...)
	taken := false
	dir, err := c.entry("core-"+path.Base(program)+"-"+string(kind), key, func(dir string) error {
		taken = true
		opt.tell("running %s until it has said what it holds", program)
		lines, err := record(dir, exe, opt, kind, args)
		if other := kind.otherDump(); other != "" && errors.Is(err, ErrLacks) {
			lines, err = record(dir, exe, opt, other, args)
		}
		if err != nil {
			return err
		}
		b, err := json.Marshal(lines)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, "output.json"), b, 0o666)
	})
	if err != nil {
		return Dump{}, fmt.Errorf("taking a %s core of test program %s: %w", kind, program, err)
	}
	d := Dump{Exe: exe, Core: filepath.Join(dir, "core"), Kind: kind}
	if kind == HeapDump || kind == HeapDumpGcore {
		d.Heap = filepath.Join(dir, heapDumpFile)
	}
	if taken {
		opt.tell("its core is %s", d.Core)
	} else {
		opt.tell("its core was taken before: %s", d.Core)
	}
	b, err := os.ReadFile(filepath.Join(dir, "output.json"))
	if err != nil {
		return Dump{}, err
	}
	if err := json.Unmarshal(b, &d.Output); err != nil {
		return Dump{}, fmt.Errorf("%s: %w; delete the folder to have it made again", dir, err)
	}
	return d, nil
}

// record runs exe until it is ready, puts its core at dir/core, and ends it.
func record(dir, exe string, opt Options, kind Kind, args []string) (lines []string, err error) {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	env = append(env, opt.Env...)
	emulator, err := Emulator(opt.goarch())
	if err != nil {
		return nil, err
	}
	command := append([]string{exe}, args...)
	if opt.At != "" && kind != Gcore {
		return nil, fmt.Errorf("a %s core is taken at no function", kind)
	}
	if emulator != "" {
		if kind == Gcore || kind == Captured {
			return nil, lacks("a program for %s, under %s, has no %s cores", opt.goarch(), emulator, kind)
		}
		command = append([]string{emulator}, command...)
	}
	if kind == HeapDump || kind == HeapDumpGcore {
		env = append(env, "GOHEAP_HEAPDUMP="+filepath.Join(dir, heapDumpFile))
		if emulator == "" && kind == HeapDumpGcore {
			kind = Gcore
		} else {
			kind = Kernel
		}
	}
	if opt.Namespace {
		if err := hasNamespaces(); err != nil {
			return nil, err
		}
		// The shell keeps unshare's child from being the first process there, which
		// the kernel protects from its own signals.
		command = append([]string{"unshare", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", `"$0" "$@"; exit $?`}, command...)
	}
	var cmd *exec.Cmd
	switch kind {
	case Gcore, Captured:
		if err := hasGcore(); err != nil && opt.At != "" { // before the program is run in vain
			return nil, err
		}
		cmd = exec.Command(command[0], command[1:]...)
	case Kernel:
		if err := canLeave(emulator); err != nil {
			return nil, err
		}
		// Only a shell sets a limit in the child alone. exec keeps the process.
		script := `ulimit -c unlimited && exec "$0" "$@"`
		if opt.Filter != "" {
			script = "echo " + opt.Filter + " > /proc/self/coredump_filter && " + script
		}
		cmd = exec.Command("/bin/sh", append([]string{"-c", script}, command...)...)
		env = append(env, "GOHEAP_CRASH=1")
	}
	cmd.Dir, cmd.Env = dir, env

	// The parent-death signal belongs to the thread that started the child,
	// not to the process (prctl(2)): keep that thread until the end.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	dieWithUs(cmd)
	stderr := &tail{limit: 4 << 10}
	cmd.Stderr = stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	waited := false
	defer func() {
		if !waited {
			cmd.Process.Kill()
			cmd.Wait()
		}
	}()
	timer := time.AfterFunc(startTime, func() { cmd.Process.Kill() })
	lines, err = readUntilReady(stdout)
	timer.Stop()
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait() // what the program had to say is complete
		waited = true
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, stderr)
	}

	if kind == Gcore || kind == Captured {
		// The program is in its last system call within microseconds; its
		// helper threads need a little longer to go to sleep.
		time.Sleep(100 * time.Millisecond)
		pid := cmd.Process.Pid
		if opt.Namespace {
			if pid, err = processOf(pid, exe); err != nil {
				return nil, err
			}
		}
		if opt.At != "" {
			return lines, gdbAt(pid, dir, opt)
		}
		if kind == Captured {
			return lines, captured(pid, dir)
		}
		if hasGcore() == nil {
			opt.tell("taking its core with gdb: gcore %d", pid)
		}
		return lines, gcore(pid, dir)
	}
	opt.tell("it crashes, and leaves its core")
	timer = time.AfterFunc(dumpTime, func() { cmd.Process.Kill() })
	defer timer.Stop()
	err = cmd.Wait()
	waited = true
	if emulator != "" {
		return lines, emulated(dir, err, stderr)
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !opt.Namespace && (!ok || !status.CoreDump()) {
		return nil, fmt.Errorf("the process ended (%v) without a core; is RLIMIT_CORE's hard limit above zero (ulimit -Hc)?\n%s", err, stderr)
	}
	found, err := filepath.Glob(filepath.Join(dir, "core*"))
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("the kernel reports a core, but %s holds %d files named core*", dir, len(found))
	}
	return lines, os.Rename(found[0], filepath.Join(dir, "core"))
}

// emulated puts the core that qemu wrote of the program at dir/core. Beside it the
// kernel leaves one of qemu itself, which ended by the same signal.
func emulated(dir string, end error, stderr *tail) error {
	found, err := filepath.Glob(filepath.Join(dir, "qemu_*.core"))
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return fmt.Errorf("the process ended (%v), and %s holds %d files named qemu_*.core; is RLIMIT_CORE's hard limit above zero (ulimit -Hc)?\n%s", end, dir, len(found), stderr)
	}
	own, err := filepath.Glob(filepath.Join(dir, "core*"))
	if err != nil {
		return err
	}
	for _, file := range own {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	core := filepath.Join(dir, "core")
	if err := os.Rename(found[0], core); err != nil {
		return err
	}
	// Reserved address space is zeros. Where holes cannot be punched the file is
	// merely large.
	_ = exec.Command("fallocate", "-d", core).Run()
	return nil
}

// processOf returns the descendant of a process that runs exe.
func processOf(pid int, exe string) (int, error) {
	exe, err := filepath.EvalSymlinks(exe)
	if err != nil {
		return 0, err
	}
	for at := strconv.Itoa(pid); ; {
		b, err := os.ReadFile(filepath.Join("/proc", at, "task", at, "children"))
		if err != nil {
			return 0, err
		}
		if at = strings.TrimSpace(string(b)); at == "" || strings.Contains(at, " ") {
			return 0, fmt.Errorf("%s is not below process %d", exe, pid)
		}
		if path, err := os.Readlink(filepath.Join("/proc", at, "exe")); err == nil && path == exe {
			return strconv.Atoi(at)
		}
	}
}

// readUntilReady returns the lines up to "ready".
func readUntilReady(r io.Reader) ([]string, error) {
	lines := []string{}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		if s.Text() == "ready" {
			return lines, nil
		}
		lines = append(lines, s.Text())
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("standard output ended after %d lines without the line \"ready\"", len(lines))
}

// gcore has gdb put the core of a process at dir/core, or goheap itself where there is none.
func gcore(pid int, dir string) error {
	if hasGcore() != nil {
		return captured(pid, dir)
	}
	prefix := filepath.Join(dir, "gcore")
	cmd := exec.Command("gcore", "-o", prefix, strconv.Itoa(pid))
	return debugger(cmd, prefix+"."+strconv.Itoa(pid), dir)
}

// captured captures a process, as goheap capture does.
func captured(pid int, dir string) error {
	f, err := os.Create(filepath.Join(dir, "core"))
	if err != nil {
		return err
	}
	_, err = capture.To(context.Background(), pid, f, capture.Options{})
	if errors.Is(err, capture.ErrRefused) {
		err = lacks("neither gdb nor goheap takes cores of other processes: %v", err)
	}
	return errors.Join(err, f.Close())
}

// gdbAt takes the core when the process enters the function that opt says. An
// error ends a script of gdb's, so that a function that there is not does not let
// the process run on.
func gdbAt(pid int, dir string, opt Options) error {
	script, made := filepath.Join(dir, "gdb"), filepath.Join(dir, "made")
	text := fmt.Sprintf("set pagination off\nhandle all nostop noprint pass\nbreak '%s'\nignore $bpnum %d\ncontinue\ngenerate-core-file %s\n", opt.At, opt.Skip, made)
	if err := os.WriteFile(script, []byte(text), 0o666); err != nil {
		return err
	}
	return debugger(exec.Command("gdb", "-batch", "-nx", "-p", strconv.Itoa(pid), "-x", script), made, dir)
}

// debugger runs a command that writes a core to the path made, and puts it at
// dir/core.
func debugger(cmd *exec.Cmd, made, dir string) error {
	cmd.Env = append(os.Environ(), "DEBUGINFOD_URLS=", "LC_ALL=C")
	dieWithUs(cmd)
	noise := &tail{limit: 4 << 10}
	cmd.Stdout, cmd.Stderr = noise, noise
	if err := cmd.Start(); err != nil {
		return err
	}
	timer := time.AfterFunc(dumpTime, func() { cmd.Process.Kill() })
	err := cmd.Wait()
	timer.Stop()
	if _, statErr := os.Stat(made); err == nil {
		err = statErr
	}
	if err != nil && strings.Contains(noise.String(), "ptrace: Operation not permitted") {
		return lacks("gdb may not look into other processes (ptrace(2), kernel.yama.ptrace_scope)")
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, noise)
	}
	if err := isELF(made); err != nil {
		return err
	}
	core := filepath.Join(dir, "core")
	if err := os.Rename(made, core); err != nil {
		return err
	}
	// gdb writes reserved address space as zeros, more than a gigabyte of
	// them. Where holes cannot be punched the file is merely large.
	_ = exec.Command("fallocate", "-d", core).Run()
	return nil
}

// isELF returns an error where what gdb wrote is no ELF file: on a full disk it ends without
// one, and leaves a file of zeros.
func isELF(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var magic [len(elf.ELFMAG)]byte
	if _, err := io.ReadFull(f, magic[:]); err != nil || string(magic[:]) != elf.ELFMAG {
		return fmt.Errorf("%s: gdb wrote no core; is the disk full?", path)
	}
	return nil
}

// canLeave says why a process that crashes would leave no core, if so. Emulators write
// those of their programs themselves, wherever the kernel puts its own.
func canLeave(emulator string) error {
	if emulator != "" {
		return coreLimit()
	}
	return KernelCores()
}

// tail keeps the last bytes written to it, limit to 2*limit of them.
type tail struct {
	limit int
	b     bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.b.Write(p)
	if t.b.Len() > 2*t.limit {
		t.b.Next(t.b.Len() - t.limit)
	}
	return len(p), nil
}

func (t *tail) String() string {
	b := t.b.Bytes()
	return string(b[max(0, len(b)-t.limit):])
}
