package gocore_test

import (
	"bytes"
	"debug/elf"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// manyEnv names the environment variable that asks for all damage: a twentieth of it
// is done without.
const manyEnv = "GOHEAP_DAMAGE"

func howMany(n int) int {
	if os.Getenv(manyEnv) == "" {
		return n / 20
	}
	return n
}

const (
	slowest  = 10 * time.Second // that damaged input may take
	mostUsed = 1 << 30          // bytes of memory that it may take, in all
)

// bounded runs f on damaged input: it must not panic, and must end in time and
// with little memory.
func bounded(t *testing.T, how string, f func()) {
	t.Helper()
	start := time.Now()
	defer func() {
		if v := recover(); v != nil {
			t.Fatalf("%s: panic: %v\n%s", how, v, debug.Stack())
		}
		if took := time.Since(start); took > slowest {
			t.Errorf("%s: it took %v", how, took)
		}
		if used := peak(t); used > mostUsed {
			t.Fatalf("%s: %d bytes of memory were in use", how, used)
		}
	}()
	f()
}

// eachFlipped calls f, bounded, with those of n cores of a program that can be read although
// more and more of their bytes are others; stream is that of the random numbers.
func eachFlipped(t *testing.T, program string, n int, stream uint64, f func(p process)) {
	t.Helper()
	core := testcore.Core(t, program, testcore.Options{}, testcore.Kernel)
	data, err := os.ReadFile(core.Core)
	if err != nil {
		t.Fatal(err)
	}
	n = howMany(n)
	for seed := range n {
		random := rand.New(rand.NewPCG(uint64(seed), stream))
		b := slices.Clone(data)
		for range 1 + seed*len(data)/20000/n {
			at := len(b)/10 + random.IntN(len(b)-len(b)/10) // behind what the file says of itself
			b[at] = byte(random.Uint32())
		}
		file := filepath.Join(t.TempDir(), "core")
		if err := os.WriteFile(file, b, 0o666); err != nil {
			t.Fatal(err)
		}
		bounded(t, fmt.Sprint("seed ", seed), func() {
			opened, err := gocore.Open(t.Context(), file, gocore.Options{Exe: core.Exe})
			if err != nil {
				return
			}
			defer opened.Close()
			if h, err := opened.Analyse(t.Context(), nil); err == nil {
				f(process{Process: opened, Heap: h})
			}
		})
		os.Remove(file)
	}
}

// peak is the most memory that this process ever had, with the files that it
// maps (VmHWM, proc_pid_status(5)).
func peak(t *testing.T) uint64 { return status(t, "VmHWM") }

// status returns a number of bytes from /proc/self/status.
func status(t *testing.T, name string) uint64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(b, []byte("\n"+name+":"))
	line, _, _ := bytes.Cut(rest, []byte(" kB"))
	kib, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// kernelCore is a core that no other kind stands in for. gdb's have no segments without
// bytes, and a gigabyte of zeros, which count as memory in use where they are read.
func kernelCore(t *testing.T, program string, opt testcore.Options, args ...string) testcore.Dump {
	t.Helper()
	d := testcore.Core(t, program, opt, testcore.Kernel, args...)
	if d.Kind != testcore.Kernel {
		t.Skip("only gdb takes cores here, and this needs one of the kernel's")
	}
	return d
}

// A core of a server may end anywhere.
func TestTruncations(t *testing.T) {
	good := kernelCore(t, "sessions", testcore.Options{}, "1000")
	path := filepath.Join(t.TempDir(), "core")
	clone(t, path, good.Core)
	size := contents(t, good.Core)
	n := int64(howMany(200))
	opened := 0
	for i := range n {
		// From the back to the front of one copy: half of the places where the last
		// of the runtime's tables are, then evenly.
		const tail = 1 << 20
		end := size - tail*i/(n/2) - 1
		if even := i - n/2; even >= 0 {
			end = (size-tail)*(n-n/2-1-even)/(n-n/2) + even%8
		}
		if err := os.Truncate(path, end); err != nil {
			t.Fatal(err)
		}
		bounded(t, "cut at "+strconv.FormatInt(end, 10), func() {
			if incomplete(t, path, gocore.Options{Exe: good.Exe}) {
				opened++
			}
		})
		if t.Failed() {
			return
		}
	}
	if opened == 0 {
		t.Errorf("none of %d opened", n)
	}
	t.Logf("%d of %d opened", opened, n)
}

// One wrong byte anywhere in a core or in its executable: all goes on.
func TestFlips(t *testing.T) {
	good := kernelCore(t, "quiet", testcore.Options{})
	dir := t.TempDir()
	core, exe := filepath.Join(dir, "core"), filepath.Join(dir, "quiet")
	clone(t, core, good.Core)
	clone(t, exe, good.Exe)
	r := rand.New(rand.NewPCG(7, 8))
	for _, file := range []string{core, exe} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			places := placesOf(t, file)
			f, err := os.OpenFile(file, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			opened := 0
			for range howMany(1000) {
				p := places[r.IntN(len(places))]
				at := p.start + r.Int64N(p.end-p.start)
				var was [1]byte
				if _, err := f.ReadAt(was[:], at); err != nil {
					t.Fatal(err)
				}
				now := was[0] ^ byte(1+r.IntN(255))
				if _, err := f.WriteAt([]byte{now}, at); err != nil {
					t.Fatal(err)
				}
				bounded(t, "byte "+strconv.FormatInt(at, 16)+" (hex) is "+strconv.Itoa(int(now)), func() {
					p, err := gocore.Open(t.Context(), core, gocore.Options{Exe: exe})
					if err != nil {
						sentence(t, err)
						return
					}
					defer p.Close()
					opened++
					survey(t, p)
				})
				if t.Failed() {
					return
				}
				if _, err := f.WriteAt(was[:], at); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%d of %d opened", opened, howMany(1000))
		})
	}
}

// place is a part of a file.
type place struct{ start, end int64 }

// placesOf returns where a wrong byte means something: the ELF headers and the
// pages that are not empty; of an executable also each of its sections, so that
// the small ones have their turn.
func placesOf(t *testing.T, path string) []place {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []place
	const page = 4096
	for at := 0; at < len(b); at += page {
		if end := min(at+page, len(b)); len(bytes.Trim(b[at:end], "\x00")) > 0 {
			out = append(out, place{int64(at), int64(end)})
		}
	}
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for range len(out) / 50 {
		out = append(out, place{0, 64 + 56*int64(len(f.Progs))})
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_NOTE && p.Filesz > 0 {
			for range len(out) / 50 {
				out = append(out, place{int64(p.Off), int64(p.Off + p.Filesz)})
			}
		}
	}
	n := len(out)
	for _, s := range f.Sections {
		if s.Type != elf.SHT_NOBITS && s.Type != elf.SHT_NULL && s.FileSize > 0 {
			for range n / 40 {
				out = append(out, place{int64(s.Offset), int64(s.Offset + s.FileSize)})
			}
		}
	}
	return out
}
