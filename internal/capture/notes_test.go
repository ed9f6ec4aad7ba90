//go:build linux && (amd64 || arm64)

package capture_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"goheap/internal/capture"
	"goheap/internal/testcore"
)

// A note as it stands in a core.
type note struct {
	owner string
	typ   uint32
	desc  []byte
}

func notesOf(b []byte) (list []note) {
	order := binary.LittleEndian
	for len(b) >= 12 {
		name, desc, typ := order.Uint32(b), order.Uint32(b[4:]), order.Uint32(b[8:])
		b = b[12:]
		n := note{owner: strings.TrimRight(string(b[:name]), "\x00"), typ: typ}
		b = b[min(len(b), int(name+3)&^3):]
		n.desc = b[:desc]
		b = b[min(len(b), int(desc+3)&^3):]
		list = append(list, n)
	}
	return list
}

// What is written of threads, files and the process is laid out as the kernel does it, and
// qemu for another processor: their notes are read and written anew.
func TestNotes(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]testcore.Options{"kernel": {}, "arm64, qemu": {Arch: "arm64"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := elf.Open(testcore.Core(t, "quiet", opt, testcore.Kernel).Core)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			seen := map[uint32]int{}
			for _, p := range f.Progs {
				if p.Type != elf.PT_NOTE {
					continue
				}
				b, err := io.ReadAll(p.Open())
				if err != nil {
					t.Fatal(err)
				}
				list := notesOf(b)
				for i, n := range list {
					seen[n.typ]++
					switch n.typ {
					case capture.NTPrstatus:
						sameThread(t, n, list[i+1:])
					case capture.NTPrpsinfo:
						sameIdentity(t, n)
					case capture.NTFile:
						sameFiles(t, n)
					}
				}
			}
			for _, typ := range []uint32{capture.NTPrstatus, capture.NTPrpsinfo, capture.NTAuxv} {
				if seen[typ] == 0 {
					t.Errorf("there is no note of type %d: %v", typ, seen)
				}
			}
		})
	}
}

func sameThread(t *testing.T, n note, rest []note) {
	order := binary.LittleEndian
	const regs = 112 // include/linux/elfcore.h, struct elf_prstatus with words of 8 bytes
	sets := map[uint32][]byte{capture.NTPrstatus: n.desc[regs : len(n.desc)-8]}
	for _, r := range rest {
		if r.typ == capture.NTPrstatus {
			break
		}
		if r.typ == capture.NTFpregset || r.typ == capture.NTXstate {
			sets[r.typ] = r.desc
		}
	}
	id := int(order.Uint32(n.desc[32:]))
	x := capture.NewThread(id, int(order.Uint16(n.desc[12:])), sets)
	p := capture.NewIdentity(0, int(order.Uint32(n.desc[36:])), int(order.Uint32(n.desc[40:])), int(order.Uint32(n.desc[44:])), "")
	want := bytes.Clone(n.desc)
	clear(want[:12])    // the signal's origin
	clear(want[16:32])  // pending and blocked signals
	clear(want[48:112]) // times
	clear(want[len(want)-4:])
	order.PutUint32(want[len(want)-8:], 1)
	got := notesOf(capture.AppendThread(nil, x, p))
	if len(got) != len(sets) || got[0].owner != n.owner || got[0].typ != n.typ || !bytes.Equal(got[0].desc, want) {
		t.Errorf("thread %d:\n% x, want\n% x", id, got[0].desc, want)
	}
	for _, g := range got[1:] {
		if !bytes.Equal(g.desc, sets[g.typ]) {
			t.Errorf("thread %d: note %#x is another", id, g.typ)
		}
	}
}

func sameIdentity(t *testing.T, n note) {
	order := binary.LittleEndian
	got := notesOf(capture.AppendIdentity(nil, capture.NewIdentity(int(order.Uint32(n.desc[24:])), 0, 0, 0, "quiet")))[0]
	if got.owner != n.owner || len(got.desc) != len(n.desc) || !bytes.Equal(got.desc[24:28], n.desc[24:28]) || !bytes.Equal(got.desc[40:56], n.desc[40:56]) {
		t.Errorf("% x, want % x", got.desc, n.desc)
	}
}

func sameFiles(t *testing.T, n note) {
	order := binary.LittleEndian
	count, page := order.Uint64(n.desc), order.Uint64(n.desc[8:])
	names := bytes.Split(n.desc[16+24*count:], []byte{0})
	var list []capture.Mapping
	for i := range count {
		at := n.desc[16+24*i:]
		list = append(list, capture.NewMapping(order.Uint64(at), order.Uint64(at[8:]), order.Uint64(at[16:])*page, string(names[i])))
	}
	if got := notesOf(capture.AppendFiles(nil, list, page))[0]; got.owner != n.owner || !bytes.Equal(got.desc, n.desc) {
		t.Errorf("%q, want %q", got.desc, n.desc)
	}
}
