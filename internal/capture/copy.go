//go:build linux && (amd64 || arm64)

package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A piece is bytes of one run and where they go in the core.
type piece struct {
	addr, size, offset uint64
	from               source
	of                 *mapping
}

const (
	chunkSize   = 1 << 20 // bytes that are read at once
	chunkPieces = 512     // and in how many places at most; the kernel takes 1,024 (UIO_MAXIOV)
)

// chunks cuts the memory of the core into lists of pieces, in the order of the file.
func (l *layout) chunks() [][]piece {
	var all [][]piece
	var chunk []piece
	room := uint64(chunkSize)
	for i := range l.segments {
		s := &l.segments[i]
		for _, r := range s.runs {
			for r.start < r.end {
				n := min(room, r.end-r.start)
				chunk = append(chunk, piece{r.start, n, s.offset + r.start - s.addr, r.from, r.of})
				r.start += n
				if room -= n; room == 0 || len(chunk) == chunkPieces {
					all, chunk, room = append(all, chunk), nil, chunkSize
				}
			}
		}
	}
	if len(chunk) > 0 {
		all = append(all, chunk)
	}
	return all
}

// memory reads the memory of a stopped process.
type memory struct {
	pid  int
	proc proc
	mem  *os.File // /proc/PID/mem

	mu    sync.Mutex
	files map[*mapping]*os.File

	content atomic.Uint64 // bytes of pages that are not zeros
	lost    atomic.Uint64 // bytes that could not be read
}

func (m *memory) close() {
	for _, f := range m.files {
		if f != nil {
			f.Close()
		}
	}
}

// read fills b with the pieces of a chunk, one behind the other. What cannot be read is
// zeros, and counted.
func (m *memory) read(chunk []piece, b []byte) []byte {
	var remote []unix.RemoteIovec
	size := uint64(0)
	for _, p := range chunk {
		if p.from == fromMemory {
			remote = append(remote, unix.RemoteIovec{Base: uintptr(p.addr), Len: int(p.size)})
			size += p.size
		}
	}
	if len(remote) == len(chunk) {
		local := []unix.Iovec{{Base: &b[0], Len: size}}
		if n, err := unix.ProcessVMReadv(m.pid, local, remote, 0); err == nil && uint64(n) == size {
			return b[:size]
		}
	}
	at := uint64(0)
	for _, p := range chunk {
		m.readPiece(p, b[at:at+p.size])
		at += p.size
	}
	return b[:at]
}

// readPiece reads one piece, and page by page what cannot be read at once.
func (m *memory) readPiece(p piece, b []byte) {
	if m.readAt(p, b) {
		return
	}
	page := uint64(os.Getpagesize())
	for at := uint64(0); at < p.size; at += page {
		one := piece{p.addr + at, page, p.offset + at, p.from, p.of}
		if to := b[at : at+page]; !m.readAt(one, to) {
			clear(to)
			m.lost.Add(page)
		}
	}
}

func (m *memory) readAt(p piece, b []byte) bool {
	if p.from == fromFile {
		if f := m.file(p.of); f != nil {
			if n, err := f.ReadAt(b, int64(p.of.offset+p.addr-p.of.start)); err == nil || errors.Is(err, io.EOF) {
				clear(b[n:]) // behind the file's end the page is zeros
				return true
			}
		}
	}
	if p.from == fromMemory {
		local := []unix.Iovec{{Base: &b[0], Len: uint64(len(b))}}
		remote := []unix.RemoteIovec{{Base: uintptr(p.addr), Len: len(b)}}
		if n, err := unix.ProcessVMReadv(m.pid, local, remote, 0); err == nil && n == len(b) {
			return true
		}
	}
	n, err := m.mem.ReadAt(b, int64(p.addr))
	return err == nil && n == len(b)
}

// file opens the file of a mapping, as the process sees it, nil where it is another one by
// now.
func (m *memory) file(of *mapping) *os.File {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f, ok := m.files[of]; ok {
		return f
	}
	var found *os.File
	for _, name := range []string{fmt.Sprintf("map_files/%x-%x", of.start, of.end), "exe", path.Join("root", of.path)} {
		name = path.Join(string(m.proc), name)
		st, err := os.Stat(name) // before it is opened: it may be a device or a pipe by now
		if err != nil || !st.Mode().IsRegular() {
			continue
		}
		f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			continue
		}
		var is unix.Stat_t
		if unix.Fstat(int(f.Fd()), &is) == nil && is.Ino == of.inode {
			found = f
			break
		}
		f.Close()
	}
	if m.files == nil {
		m.files = map[*mapping]*os.File{}
	}
	m.files[of] = found
	return found
}

// pace keeps a copy below a number of bytes per second, 0 for no limit.
type pace struct {
	rate  int64
	began time.Time
	done  int64
}

func (p *pace) add(ctx context.Context, n int) {
	if p.rate <= 0 {
		return
	}
	p.done += int64(n)
	ahead := time.Duration(float64(p.done)/float64(p.rate)*float64(time.Second)) - time.Since(p.began)
	if ahead > 0 {
		select {
		case <-time.After(ahead):
		case <-ctx.Done():
		}
	}
}

// workers is how many read at once: the kernel copies, one processor each.
const workers = 4

// place copies the memory into a file at its places, which has to be empty before: zeros
// are left out, and stay holes.
func (m *memory) place(ctx context.Context, l *layout, out io.WriterAt, n int) error {
	all := l.chunks()
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, n)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	for i := range n {
		wg.Go(func() {
			b := make([]byte, chunkSize)
			for ctx.Err() == nil {
				k := next.Add(1) - 1
				if k >= int64(len(all)) {
					return
				}
				var n uint64
				n, errs[i] = writePlaced(out, all[k], m.read(all[k], b))
				m.content.Add(n)
				if errs[i] != nil {
					stop(errs[i])
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return context.Cause(ctx)
}

var zeros [4096]byte

// writePlaced writes a chunk, but for its zeros, and returns how many bytes that were.
func writePlaced(out io.WriterAt, chunk []piece, b []byte) (content uint64, err error) {
	for len(chunk) > 0 {
		// Pieces that follow each other in the file are written at once.
		size, offset := chunk[0].size, chunk[0].offset
		n := 1
		for n < len(chunk) && chunk[n].offset == offset+size {
			size += chunk[n].size
			n++
		}
		chunk = chunk[n:]
		part := b[:size]
		b = b[size:]
		for at := 0; at < len(part); {
			from := at
			for at < len(part) && !bytes.Equal(part[at:at+len(zeros)], zeros[:]) {
				at += len(zeros)
			}
			if at > from {
				if _, err := out.WriteAt(part[from:at], int64(offset)+int64(from)); err != nil {
					return content, err
				}
				content += uint64(at - from)
			}
			for at < len(part) && bytes.Equal(part[at:at+len(zeros)], zeros[:]) {
				at += len(zeros)
			}
		}
	}
	return content, nil
}

// stream writes the memory to what has no places: in order, with zeros where nothing is.
func (m *memory) stream(ctx context.Context, l *layout, out io.Writer, at uint64, p *pace) error {
	fill := func(to uint64) error {
		for at < to {
			n, err := out.Write(zeros[:min(uint64(len(zeros)), to-at)])
			at += uint64(n)
			if err != nil {
				return err
			}
		}
		return nil
	}
	b := make([]byte, chunkSize)
	for _, chunk := range l.chunks() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		part := m.read(chunk, b)
		m.content.Add(uint64(len(part)))
		for _, c := range chunk {
			if err := fill(c.offset); err != nil {
				return err
			}
			if _, err := out.Write(part[:c.size]); err != nil {
				return err
			}
			part = part[c.size:]
			at += c.size
			p.add(ctx, int(c.size))
		}
	}
	return fill(l.lastAt)
}
