package dump

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// vanished returns what reads a page that is gone.
func vanished(t *testing.T) func() error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "core")
	if err := os.WriteFile(path, make([]byte, 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	data, free, err := MapFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(free)
	shrink(t, path)
	return func() error {
		if data[len(data)-1] != 0 {
			return errors.New("it is there")
		}
		return nil
	}
}

// shrink cuts off all but the first page of a file that is mapped.
func shrink(t *testing.T, path string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not let a file shrink that is mapped")
	}
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
}

// armed reports whether a fault would be a panic here.
func armed() bool {
	before := debug.SetPanicOnFault(true)
	debug.SetPanicOnFault(before)
	return before
}

func TestGuardsWithinEachOther(t *testing.T) {
	read := vanished(t)
	inner := errors.New("none")
	err := GuardFaults(func() error {
		inner = GuardFaults(read)
		if !armed() {
			t.Error("the inner guard has disarmed the outer one")
		}
		return read()
	})
	for _, err := range []error{inner, err, Guard(read)} {
		if !errors.Is(err, ErrChanged) || errors.Is(err, ErrInternal) || !strings.Contains(err.Error(), "open it again") {
			t.Errorf("a page that vanished: %v", err)
		}
	}
	if armed() {
		t.Error("a guard has left the goroutine armed")
	}
}

// No page has vanished where a program is wrong.
func TestGuardFaultsPassesPanicsOn(t *testing.T) {
	var nothing *Memory
	for name, f := range map[string]func() error{
		"value": func() error { panic("boom") },
		"nil":   func() error { return errors.New(nothing.Machine().String()) },
		"index": func() error { var b []byte; _ = b[len(b)]; return nil },
	} {
		var said any
		var err error
		func() {
			defer func() { said = recover() }()
			err = GuardFaults(f)
		}()
		if said == nil || err != nil {
			t.Errorf("%s: it became %v", name, err)
		}
		if armed() {
			t.Fatalf("%s: the goroutine is left armed", name)
		}
		if err := Guard(f); !errors.Is(err, ErrInternal) || errors.Is(err, ErrChanged) {
			t.Errorf("%s: Guard made %v of it", name, err)
		} else if p := (*Panic)(nil); strings.Contains(err.Error(), "goroutine") || !errors.As(err, &p) || !strings.Contains(string(p.Stack), "goroutine") {
			t.Errorf("%s: the stack is not kept apart: %v", name, err)
		}
	}
	if err := GuardFaults(func() error { return ErrTruncated }); err != ErrTruncated {
		t.Errorf("an error: %v", err)
	}
}

func BenchmarkGuardFaults(b *testing.B) {
	for b.Loop() {
		_ = GuardFaults(func() error { return nil })
	}
}
