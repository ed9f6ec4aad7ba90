package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"goheap/gocore"
	"goheap/internal/progress"
	"goheap/internal/testcore"
	"goheap/report"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"goheap": main})
}

// TestScript runs the transcripts in testdata/script, which say what each verb
// prints and with which status it ends. They find a core of the program quiet
// as $CORE, one of blockstore as $STORE, those of named, opened, kinds, singlefield and
// deadlocks as $NAMED, $OPENED, $KINDS, $SINGLE and $DEADLOCKS, damaged ones as $DAMAGED/kind, and a heap dump of
// stacks as $HEAP.
func TestScript(t *testing.T) {
	quiet := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel)
	store := testcore.Core(t, "blockstore", testcore.Options{}, testcore.Captured)
	heap := testcore.Core(t, "stacks", testcore.Options{}, testcore.HeapDump)
	cores := map[string]testcore.Dump{
		"NAMED": testcore.Core(t, "named", testcore.Options{}, testcore.Kernel), "OPENED": testcore.Core(t, "opened", testcore.Options{}, testcore.Kernel),
		"KINDS": testcore.Core(t, "kinds", testcore.Options{}, testcore.Kernel), "SINGLE": testcore.Core(t, "cases/singlefield", testcore.Options{}, testcore.Captured),
		"DEADLOCKS": testcore.Core(t, "deadlocks", testcore.Options{}, testcore.Kernel),
	}
	damaged := t.TempDir()
	for _, how := range testcore.Damages() {
		if err := os.Rename(testcore.Damaged(t, quiet, how), filepath.Join(damaged, string(how))); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("COLUMNS", "1000")
			env.Setenv("CORE", quiet.Core)
			env.Setenv("EXE", quiet.Exe)
			env.Setenv("STORE", store.Core)
			env.Setenv("STOREEXE", store.Exe)
			env.Setenv("DAMAGED", damaged)
			env.Setenv("HEAP", heap.Heap)
			env.Setenv("HEAPEXE", heap.Exe)
			for name, dump := range cores {
				env.Setenv(name, dump.Core)
			}
			return nil
		},
		RequireExplicitExec: true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status":  status,
			"clean":   clean,
			"shows":   shows,
			"refuses": refuses,
			"capture": captureGroup,
			"typed":   typed,
		},
	})
}

// status N command...: the command ends with the exit status N.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("status %d, want %d", got, want)
	}
}

// shows CORE TARGET PATTERN...: show of the target succeeds, and its output has each pattern.
func shows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: shows CORE TARGET PATTERN...")
	}
	ts.Check(ts.Exec("goheap", "show", args[0], args[1]))
	for _, pattern := range args[2:] {
		if out := ts.ReadFile("stdout"); !regexp.MustCompile("(?m)" + pattern).MatchString(out) {
			ts.Fatalf("show %s has no %q:\n%s", args[1], pattern, out)
		}
	}
}

// refuses CORE TARGET PATTERN: show of the target fails with one line that has the pattern.
func refuses(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: refuses CORE TARGET PATTERN")
	}
	if ts.Exec("goheap", "show", args[0], args[1]) == nil {
		ts.Fatalf("show %s succeeds", args[1])
	}
	clean(ts, false, []string{"stderr"})
	if out := ts.ReadFile("stderr"); strings.Count(out, "\n") != 1 || !regexp.MustCompile("(?m)"+args[2]).MatchString(out) {
		ts.Fatalf("show %s says no %q:\n%s", args[1], args[2], out)
	}
}

// capture NAME PATTERN: the variable becomes what the group of the pattern first matches in
// the standard output.
func captureGroup(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME PATTERN")
	}
	m := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) != 2 {
		ts.Fatalf("nothing is like %q", args[1])
	}
	ts.Setenv(args[0], m[1])
}

// clean stdout|stderr: one sentence of goheap's at most on stderr and no trace;
// no control characters in either.
func clean(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		text := ts.ReadFile(name)
		if strings.Contains(text, "goroutine 1 [running]:\n") || strings.Contains(text, "panic") {
			ts.Fatalf("%s has a trace:\n%s", name, text)
		}
		for _, r := range text {
			if r != '\n' && (r < ' ' || r == 0x7f) {
				ts.Fatalf("%s has the character %U", name, r)
			}
		}
	}
}

// typed stdout|FILE N: N lines of the text are commands of goheap, those that end in \
// together with the next one, and a shell runs each without an error.
func typed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: typed FILE N")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := strings.ReplaceAll(ts.ReadFile(args[0]), "\\\n", "")
	ran := 0
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "goheap ") {
			ran++
			ts.Check(ts.Exec("sh", "-c", line))
		}
	}
	if ran != want {
		ts.Fatalf("%d commands, want %d", ran, want)
	}
}

func goheap(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(args, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

// Every verb says what it does, with examples, and has the shared flags.
func TestHelp(t *testing.T) {
	root := new(command).root()
	for _, verb := range root.Commands() {
		if verb.Hidden {
			continue
		}
		if verb.IsAdditionalHelpTopicCommand() {
			eachLine(t, verb, verb.Long)
			continue
		}
		if verb.Short == "" || verb.Long == "" || verb.Example == "" || verb.ValidArgsFunction == nil || verb.Args == nil {
			t.Errorf("%s lacks a part of its help, or completion", verb.Name())
		}
		status, stdout, stderr := goheap(verb.Name(), "--help")
		if status != statusDone || stderr != "" {
			t.Errorf("%s --help: status %d, stderr %q", verb.Name(), status, stderr)
		}
		for _, flag := range []string{"--exe", "--debug", "--format", "--output", "--top", "--where", "--values", "--physical", "--wide", "--runtime", "--no-index", "--max-memory", "--force", "Examples:"} {
			if !strings.Contains(stdout, flag) {
				t.Errorf("%s --help does not mention %s", verb.Name(), flag)
			}
		}
		eachLine(t, verb, stdout)
	}
	var undocumented []string
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Usage == "" {
			undocumented = append(undocumented, f.Name)
		}
	})
	if undocumented != nil {
		t.Errorf("flags without help: %v", undocumented)
	}
}

func eachLine(t *testing.T, verb *cobra.Command, text string) {
	t.Helper()
	for _, line := range strings.Split(text, "\n") {
		if len(line) > 115 {
			t.Errorf("%s --help has a line of %d bytes: %q", verb.Name(), len(line), line)
		}
	}
}

// A panic is one sentence and a status, never a trace.
func TestPanic(t *testing.T) {
	for _, trace := range []string{"", "1"} {
		t.Setenv("GOHEAP_TRACE", trace)
		var errs bytes.Buffer
		// A writer that panics stands for any bug.
		status := run([]string{"--version"}, strings.NewReader(""), panics{"broken writer"}, &errs)
		if status != statusFailed || !strings.HasPrefix(errs.String(), "goheap: this is a bug in goheap (broken writer)") {
			t.Errorf("status %d, stderr %q", status, errs.String())
		}
		if got := strings.Contains(errs.String(), "main_test.go"); got != (trace == "1") {
			t.Errorf("GOHEAP_TRACE=%q: trace printed: %v", trace, got)
		}
		errs.Reset()
		status = run([]string{"--version"}, strings.NewReader(""), panics{&report.Panic{Value: "broken worker", Stack: []byte("its stack\n")}}, &errs)
		if status != statusFailed || !strings.HasPrefix(errs.String(), "goheap: this is a bug in goheap (broken worker)") {
			t.Errorf("of a worker: status %d, stderr %q", status, errs.String())
		}
		if got := strings.Contains(errs.String(), "its stack\n"); got != (trace == "1") {
			t.Errorf("GOHEAP_TRACE=%q: trace of the worker printed: %v", trace, got)
		}
		// So is one that a reader of the file has made an error of.
		errs.Reset()
		c := &command{stdin: strings.NewReader(""), stdout: io.Discard, stderr: &errs}
		c.load = func(context.Context, string, report.Options) (*report.Snapshot, error) {
			return nil, fmt.Errorf("core: %w", &report.Panic{Value: "broken reader", Stack: debug.Stack()})
		}
		status = c.run(t.Context(), []string{"report", "core"})
		if status != statusFailed || !strings.HasPrefix(errs.String(), "goheap: this is a bug in goheap (broken reader)") {
			t.Errorf("status %d, stderr %q", status, errs.String())
		}
		if got := strings.Contains(errs.String(), "main_test.go"); got != (trace == "1") {
			t.Errorf("GOHEAP_TRACE=%q: trace of a reader printed: %v", trace, got)
		}
	}
}

type panics struct{ said any }

func (p panics) Write([]byte) (int, error) { panic(p.said) }

// unlike is a process that says other things about itself.
type unlike struct {
	report.Process
	incomplete bool
}

func (p unlike) Source() gocore.Source {
	s := p.Process.Source()
	s.Complete = !p.incomplete
	return s
}

// The exit status tells an incomplete input and a failed check from success;
// the output is there in either case.
func TestStatus(t *testing.T) {
	core := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel).Core
	for _, test := range []struct {
		verb                string
		incomplete, differs bool
		want                int
	}{
		{"info", false, false, statusDone},
		{"info", true, false, statusIncomplete},
		{"info", false, true, statusDone},
		{"check", false, false, statusDone},
		{"check", false, true, statusCondition},
		{"check", true, false, statusIncomplete},
		{"check", true, true, statusCondition},
	} {
		var out, errs bytes.Buffer
		c := &command{stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
		c.load = func(ctx context.Context, path string, opt report.Options) (*report.Snapshot, error) {
			s, err := report.Load(ctx, path, opt)
			if err == nil {
				s.Process = unlike{s.Process, test.incomplete}
				if test.differs {
					s.Checks[0].Status = gocore.CheckDiffers
				}
			}
			return s, err
		}
		if got := c.run(t.Context(), []string{test.verb, core}); got != test.want {
			t.Errorf("%+v: status %d", test, got)
		}
		if errs.Len() > 0 || out.Len() == 0 {
			t.Errorf("%+v: stdout %d bytes, stderr %q", test, out.Len(), errs.String())
		}
		if want := "INCOMPLETE"; test.verb == "info" && strings.Contains(out.String(), want) != test.incomplete {
			t.Errorf("%+v: %q in the output is wrong", test, want)
		}
	}
}

// What is said of a file to which somebody writes meanwhile cannot be relied on, and
// what fails then is no bug.
func TestChangedMeanwhile(t *testing.T) {
	quiet := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel)
	data, err := os.ReadFile(quiet.Core)
	if err != nil {
		t.Fatal(err)
	}
	fault := &report.Panic{Value: "what was checked is not there"}
	later := time.Now().Add(time.Hour)
	for name, test := range map[string]struct {
		change func(core string) error
		err    error // of the load
		want   string
	}{
		"nobody writes":  {func(string) error { return nil }, nil, ""},
		"a panic":        {func(string) error { return nil }, fault, "goheap: this is a bug in goheap"},
		"written to":     {func(core string) error { return os.Chtimes(core, later, later) }, nil, "goheap: CORE: the file changed while it was being read"},
		"grown":          {func(core string) error { return os.Truncate(core, int64(len(data))+1) }, nil, "goheap: CORE: the file changed while it was being read"},
		"then it panics": {func(core string) error { return os.Chtimes(core, later, later) }, fault, "goheap: CORE: the file changed while it was being read"},
		"replaced": {func(core string) error {
			if err := os.WriteFile(core+".new", nil, 0o600); err != nil {
				return err
			}
			return os.Rename(core+".new", core)
		}, nil, ""},
	} {
		core := filepath.Join(t.TempDir(), "core")
		if err := os.WriteFile(core, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		c := &command{stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
		c.load = func(ctx context.Context, path string, opt report.Options) (*report.Snapshot, error) {
			s, err := report.Load(ctx, path, opt)
			if err != nil {
				return nil, err
			}
			if err := test.change(core); err != nil {
				t.Fatal(err)
			}
			if test.err != nil {
				s.Close()
				return nil, test.err
			}
			return s, nil
		}
		status := c.run(t.Context(), []string{"info", "--exe", quiet.Exe, core})
		want := strings.ReplaceAll(test.want, "CORE", core)
		if (status == statusFailed) != (want != "") || !strings.HasPrefix(errs.String(), want) || want == "" && errs.Len() > 0 {
			t.Errorf("%s: status %d, stderr %q, want %q", name, status, errs.String(), want)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out, errs bytes.Buffer
	c := &command{stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
	c.load = func(ctx context.Context, _ string, _ report.Options) (*report.Snapshot, error) {
		cancel() // as ctrl-c does
		return nil, context.Cause(ctx)
	}
	if status := c.run(ctx, []string{"report", "core"}); status != statusFailed || errs.String() != "goheap: interrupted\n" || out.Len() > 0 {
		t.Errorf("status %d, stdout %q, stderr %q", status, out.String(), errs.String())
	}
}

// closed is a pipe that nobody reads.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestClosedPipe(t *testing.T) {
	core := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel).Core
	for _, format := range []string{"text", "json", "csv"} {
		var errs bytes.Buffer
		if status := run([]string{"types", "--format", format, core}, strings.NewReader(""), closed{}, &errs); status != statusFailed || errs.Len() > 0 {
			t.Errorf("%s: status %d, stderr %q", format, status, errs.String())
		}
	}
}

func TestProgressLine(t *testing.T) {
	for _, test := range []struct {
		phases []progress.State
		want   string
	}{
		{nil, ""},
		{[]progress.State{{Name: "open", Finished: true}}, ""},
		{[]progress.State{{Name: "open", Finished: true}, {Name: "mark", Elapsed: 1500e6}}, "mark  1.5 s"},
		{[]progress.State{{Name: "mark", Done: 25, Total: 100, Elapsed: 2e9}}, "mark  25 %  6 s left"},
		{[]progress.State{{Name: "mark", Done: 300, Total: 100, Elapsed: 2e9}}, "mark  100 %  0 s left"},
		{[]progress.State{{Name: "a"}, {Name: "b", Elapsed: 1e9}}, "b  1.0 s"},
	} {
		if got := progressLine(test.phases); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.phases, got, test.want)
		}
	}
}

// failing is a stream that takes some bytes and no more.
type failing struct{ left int }

func (f *failing) Write(b []byte) (int, error) {
	n := min(f.left, len(b))
	f.left -= n
	if n < len(b) {
		return n, &os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EIO}
	}
	return n, nil
}

// An error anywhere in the output is an error of the run, even where who wrote does
// not look at it.
func TestFailingOutput(t *testing.T) {
	core := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel).Core
	for _, args := range [][]string{{"roots", core}, {"check", "--format", "csv", core}, {"--help"}, {"types", "--help"}, {"completion", "zsh"}} {
		_, whole, _ := goheap(args...)
		for _, left := range []int{0, 1, len(whole) / 2, len(whole) - 1} {
			var errs bytes.Buffer
			status := run(args, strings.NewReader(""), &failing{left}, &errs)
			if status != statusFailed || errs.String() != "goheap: writing to the standard output: input/output error\n" {
				t.Errorf("%v after %d bytes: status %d, stderr %q", args, left, status, errs.String())
			}
		}
	}
}
