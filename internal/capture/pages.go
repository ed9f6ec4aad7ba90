//go:build linux && (amd64 || arm64)

package capture

import (
	"encoding/binary"
	"fmt"
	"io"
)

// A run is pages of one mapping, next to each other, that go into the core.
type run struct {
	start, end uint64
	from       source
	of         *mapping
}

// source says where the bytes of a run are read.
type source uint8

const (
	fromMemory source = iota
	// fromMem is /proc/PID/mem: what the process itself may not read, process_vm_readv
	// may not either.
	fromMem
	fromFile // the page was never read: the process would grow by it
)

// Entries of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst). The bits that
// are used are there without privileges.
const (
	pagePresent = 1 << 63
	pageSwapped = 1 << 62
	pageOfFile  = 1 << 61 // or shared anonymous memory
)

// pages is what pagemap says, read in pieces.
type pages struct {
	pagemap io.ReaderAt
	size    uint64 // of a page
	buf     []byte
	swapped uint64 // pages that were swapped out
}

func newPages(pagemap io.ReaderAt, pageSize int) *pages {
	return &pages{pagemap: pagemap, size: uint64(pageSize), buf: make([]byte, 1<<18)}
}

// runs calls f with the runs of a mapping, in order.
func (p *pages) runs(m *mapping, f func(run)) error {
	keeps := m.keeps()
	if keeps == nothing || keeps == untouched {
		return nil
	}
	of := fromMemory
	if !m.read {
		of = fromMem
	}
	var r run
	for at := m.start; at < m.end; {
		n := min((m.end-at)/p.size, uint64(len(p.buf)/8))
		got, err := p.pagemap.ReadAt(p.buf[:n*8], int64(at/p.size*8))
		if got < int(n*8) {
			return fmt.Errorf("pagemap at %#x: %w", at, err)
		}
		for i := range n {
			e := binary.NativeEndian.Uint64(p.buf[i*8:])
			addr := at + i*p.size
			want, from := false, of
			switch {
			case e&pageSwapped != 0:
				p.swapped++
				want = true
			case e&pagePresent != 0:
				// The first page of a file tells what it is: an ELF header, build ids.
				want = keeps != changed || e&pageOfFile == 0 || addr == m.start && m.offset == 0
			case keeps == whole:
				want, from = true, fromFile
			}
			if want && r.end == addr && r.from == from {
				r.end += p.size
				continue
			}
			if r.end > r.start {
				f(r)
			}
			r = run{}
			if want {
				r = run{addr, addr + p.size, from, m}
			}
		}
		at += n * p.size
	}
	if r.end > r.start {
		f(r)
	}
	return nil
}
