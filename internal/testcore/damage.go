package testcore

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Damage is a way to make an input that goheap must refuse, or show in part,
// in so many words.
type Damage string

const (
	// Truncated cuts the core in the middle of its longest segment, as a full
	// disk or a size limit does.
	Truncated Damage = "truncated"
	// TruncatedHeader ends within the program headers.
	TruncatedHeader Damage = "truncated-header"
	// WrongMachine says EM_RISCV in the ELF header, and nothing else differs.
	WrongMachine Damage = "wrong-machine"
	// Class32 says ELFCLASS32 in the identification, and nothing else differs.
	Class32 Damage = "class32"
	// NotELF is text.
	NotELF Damage = "not-elf"
	// Executable is the program instead of its core.
	Executable Damage = "executable"
	// Empty has no bytes.
	Empty Damage = "empty"
)

// Damages lists every kind, in a fixed order.
func Damages() []Damage {
	return []Damage{Truncated, TruncatedHeader, WrongMachine, Class32, NotELF, Executable, Empty}
}

// Damaged makes the damaged input from a good core in a temporary folder of
// the test and returns its path. The good core is not touched.
func Damaged(t testing.TB, good Dump, how Damage) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), string(how))
	if err := damage(path, good, how); err != nil {
		t.Fatalf("making a damaged core (%s) from %s: %v", how, good.Core, err)
	}
	return path
}

// Offsets in the 64-bit ELF header (System V ABI, chapter 4).
const (
	offClass   = 4
	offMachine = 18
	offPhoff   = 32
)

func damage(path string, good Dump, how Damage) error {
	switch how {
	case Truncated:
		end, err := middleOfLongestSegment(good.Core)
		if err != nil {
			return err
		}
		return copyFile(path, good.Core, end)
	case TruncatedHeader:
		var header [64]byte
		if err := readStart(good.Core, header[:]); err != nil {
			return err
		}
		const programHeader = 56
		return copyFile(path, good.Core, int64(binary.LittleEndian.Uint64(header[offPhoff:]))+programHeader/2)
	case WrongMachine:
		riscv := binary.LittleEndian.AppendUint16(nil, uint16(elf.EM_RISCV))
		return copyPatched(path, good.Core, offMachine, riscv)
	case Class32:
		return copyPatched(path, good.Core, offClass, []byte{byte(elf.ELFCLASS32)})
	case NotELF:
		return os.WriteFile(path, []byte("goroutine 1 [running]:\nmain.main()\n"), 0o666)
	case Executable:
		return copyFile(path, good.Exe, -1)
	case Empty:
		return os.WriteFile(path, nil, 0o666)
	}
	return fmt.Errorf("unknown damage %q", how)
}

func readStart(path string, b []byte) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.ReadFull(f, b)
	return err
}

func middleOfLongestSegment(core string) (int64, error) {
	f, err := elf.Open(core)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var longest elf.ProgHeader
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Filesz > longest.Filesz {
			longest = p.ProgHeader
		}
	}
	if longest.Filesz == 0 {
		return 0, fmt.Errorf("no PT_LOAD segment has bytes")
	}
	return int64(longest.Off + longest.Filesz/2), nil
}

// copyFile copies the first n bytes, all where n is negative, and leaves holes
// where the source has zeros: cores are mostly that.
func copyFile(to, from string, n int64) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if n < 0 {
		info, err := in.Stat()
		if err != nil {
			return err
		}
		n = info.Size()
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	const seekData, seekHole = 3, 4 // lseek(2)
	for at := int64(0); at < n; {
		begin, err := in.Seek(at, seekData)
		if errors.Is(err, syscall.ENXIO) || err == nil && begin >= n {
			break // a hole to the end
		}
		if err != nil {
			return err
		}
		end, err := in.Seek(begin, seekHole)
		if err != nil {
			return err
		}
		end = min(end, n)
		if _, err := out.Seek(begin, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(out, io.NewSectionReader(in, begin, end-begin)); err != nil {
			return err
		}
		at = end
	}
	if err := out.Truncate(n); err != nil {
		return err
	}
	return out.Close()
}

func copyPatched(to, from string, at int64, b []byte) error {
	if err := copyFile(to, from, -1); err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt(b, at); err != nil {
		return err
	}
	return f.Close()
}
