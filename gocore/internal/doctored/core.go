// Package doctored lets tests overwrite words of a core before it is read.
package doctored

import (
	"encoding/binary"
	"os"
	"slices"
	"syscall"
	"testing"

	"goheap/dump"
	"goheap/gocore/internal/program"
	"goheap/internal/testcore"
)

// Core is a core with its executable. Its memory may be overwritten, and healed.
type Core struct {
	File *dump.Core
	Exe  *program.Executable

	own  *dump.Memory // of the file alone: its slices can be written to
	undo []func()
}

// New takes a core of quiet, which is a small one.
func New(t testing.TB, opt testcore.Options) *Core {
	t.Helper()
	d := testcore.Core(t, "quiet", opt, testcore.Kernel)
	data := Map(t, d.Core)
	alone, err := dump.New(data)
	if err != nil {
		t.Fatal(err)
	}
	c := &Core{own: alone.Memory}
	if c.File, err = dump.New(data); err != nil {
		t.Fatal(err)
	}
	if c.Exe, _, err = program.FindExecutable(c.File, program.Options{Exe: d.Exe}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Exe.Close)
	return c
}

// Map maps a file, for the length of the test. What is written to it others do not see.
func Map(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(st.Size()), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(data) })
	return data
}

// Addr returns the address of a variable of the program.
func (c *Core) Addr(t testing.TB, name string) uint64 {
	t.Helper()
	sym, ok := c.Exe.File.Symbol(name)
	if !ok {
		t.Fatalf("the program has no variable %s", name)
	}
	return sym.Addr + c.Exe.Bias
}

// Word returns the word at addr.
func (c *Core) Word(t testing.TB, addr uint64) uint64 {
	t.Helper()
	v, ok := c.own.Word(addr)
	if !ok {
		t.Fatalf("nothing stands at %#x", addr)
	}
	return v
}

// Set overwrites the word at addr, until Heal.
func (c *Core) Set(t testing.TB, addr, v uint64) {
	t.Helper()
	b := c.Bytes(addr, 8)
	if b == nil {
		t.Fatalf("nothing stands at %#x", addr)
	}
	was := slices.Clone(b)
	c.undo = append(c.undo, func() { copy(b, was) })
	binary.LittleEndian.PutUint64(b, v)
}

// Bytes returns the n bytes at addr, which may be written to; nil where they are not all
// there.
func (c *Core) Bytes(addr, n uint64) []byte {
	b, ok := c.own.Slice(addr, n)
	if !ok {
		return nil
	}
	return b
}

// Heal takes back what Set did.
func (c *Core) Heal() {
	for _, f := range slices.Backward(c.undo) {
		f()
	}
	c.undo = nil
}
