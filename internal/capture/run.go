//go:build linux && (amd64 || arm64)

package capture

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"
)

// machine is that of the processes that can be captured: those of this processor.
func machine() elf.Machine {
	if runtime.GOARCH == "arm64" {
		return elf.EM_AARCH64
	}
	return elf.EM_X86_64
}

// To captures a process into out. Where that is a regular file it has to be empty, and what
// is zeros stays a hole of it. Any error leaves it as it is then, and the process running.
// An error that wraps ErrRefused says what stands in the way.
func To(ctx context.Context, pid int, out io.Writer, opt Options) (Result, error) {
	c := capture{pid: pid, proc: procOf(pid), out: out, opt: opt, page: uint64(os.Getpagesize())}
	done := make(chan error)
	onThread(func() { done <- c.run(ctx) })
	err := <-done
	return c.result, err
}

// onThread runs f on a thread of its own, which ends with it: what that traces and has not
// been let go of goes on then. The first thread of a process never ends before it
// (runtime/proc.go, mexit, Go 1.26), and is not taken.
func onThread(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != os.Getpid() {
			f()
			return
		}
		taken := make(chan struct{})
		onThread(func() {
			close(taken)
			f()
		})
		<-taken
		runtime.UnlockOSThread()
	}()
}

// capture is one under way.
type capture struct {
	pid    int
	proc   proc
	out    io.Writer
	opt    Options
	page   uint64
	result Result

	id     identity
	layout layout
	kept   []keptFile
	record Record
}

// recordSize is how much room NoteRecord has, which is written before it is known how long
// the process stood still.
const recordSize = 4 << 10

func (c *capture) run(ctx context.Context) error {
	if c.pid == os.Getpid() {
		return fmt.Errorf("process %d is goheap itself", c.pid)
	}
	exe, err := os.Readlink(path.Join(string(c.proc), "exe"))
	if err != nil {
		return c.refused(err)
	}
	if err := c.readable(); err != nil {
		return err
	}
	mem, err := os.Open(path.Join(string(c.proc), "mem"))
	if err != nil {
		return c.refused(err)
	}
	defer mem.Close()
	pagemap, err := os.Open(path.Join(string(c.proc), "pagemap"))
	if err != nil {
		return c.refused(err)
	}
	defer pagemap.Close()

	to, held, err := c.target()
	if err != nil {
		return err
	}
	if held != nil {
		defer held.Close()
	}
	began := time.Now()
	whole := ctx
	if c.opt.MaxPause > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, c.opt.MaxPause, fmt.Errorf("given up: the process would have stood still for longer than %v; --buffer shortens it", c.opt.MaxPause))
		defer stop()
	}
	t := threads{pid: c.pid}
	defer t.release()
	if err := t.stop(ctx); err != nil {
		return c.refused(err)
	}
	m := memory{pid: c.pid, proc: c.proc, mem: mem}
	defer m.close()
	c.record = Record{PID: c.pid, Exe: exe, Time: began.UTC().Truncate(time.Millisecond), Threads: len(t.list)}
	if err := c.survey(&t, pagemap); err != nil {
		return err
	}
	if to != nil {
		err = m.place(ctx, &c.layout, to, workers)
	} else {
		err = c.streamAll(ctx, &m, &t, began)
	}
	if err != nil {
		return err
	}
	if to == nil {
		return nil
	}
	t.release()
	c.finish(began, &m)
	for _, part := range []struct {
		b  []byte
		at uint64
	}{{c.layout.head(machine(), c.page), 0}, {c.lastNotes(), c.layout.lastAt}} {
		if _, err := to.WriteAt(part.b, int64(part.at)); err != nil {
			return err
		}
	}
	if held != nil {
		return c.writeHeld(whole, held)
	}
	return nil
}

// target returns the file that the copy goes to, nil where it goes straight to a pipe or
// through a compressor; and that file once more, where it is one in memory.
func (c *capture) target() (to, held *os.File, err error) {
	if c.opt.Buffer {
		fd, err := unix.MemfdCreate("goheap capture", unix.MFD_CLOEXEC)
		if err != nil {
			return nil, nil, fmt.Errorf("memory for --buffer: %w", err)
		}
		held = os.NewFile(uintptr(fd), "memory for --buffer")
		return held, held, nil
	}
	return c.places(), nil, nil
}

// places returns the output where parts of the core can be put at their places, else nil.
func (c *capture) places() *os.File {
	f, ok := c.out.(*os.File)
	if !ok || c.opt.Zstd {
		return nil
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil
	}
	return f
}

// survey finds out what goes into the core, and where. The process stands still.
func (c *capture) survey(t *threads, pagemap io.ReaderAt) error {
	var err error
	if c.id, err = c.proc.identity(c.pid); err != nil {
		return err
	}
	text, err := c.proc.read("maps")
	if err != nil {
		return err
	}
	mappings, err := readMappings(text)
	if err != nil {
		return err
	}
	p := newPages(pagemap, int(c.page))
	runs := make([][]run, len(mappings))
	for i := range mappings {
		if err := p.runs(&mappings[i], func(r run) { runs[i] = append(runs[i], r) }); err != nil {
			return err
		}
	}
	auxv, err := c.proc.read("auxv")
	if err != nil {
		return err
	}
	var notes []byte
	for i := range t.list {
		notes = appendThread(notes, &t.list[i], &c.id)
		if i == 0 {
			notes = appendIdentity(notes, &c.id)
			notes = appendNote(notes, "CORE", ntAuxv, auxv)
			notes = appendFiles(notes, mappings, c.page)
		}
	}
	c.kept = c.proc.keptFiles()
	c.record.Name, c.record.Uptime, c.record.OpenFiles = c.id.name, c.proc.uptime(c.id).Seconds(), c.proc.openFiles()
	c.layout = layout{segments: segmentsOf(mappings, runs, maxSegments), notes: notes}
	c.layout.last = c.lastNotes()
	c.layout.arrange(c.page)
	c.result = Result{Threads: len(t.list), Size: c.layout.size, Segments: len(c.layout.segments), Swapped: p.swapped * c.page}
	return nil
}

// finish notes what is known when the process goes on.
func (c *capture) finish(began time.Time, m *memory) {
	c.result.Pause, c.result.Content, c.result.Lost = time.Since(began), m.content.Load(), m.lost.Load()
	c.record.Pause, c.record.Lost = c.result.Pause.Seconds(), c.result.Lost
	c.record.Content, c.record.Swapped = c.result.Content, c.result.Swapped
}

// lastNotes are goheap's own, always of the same size.
func (c *capture) lastNotes() []byte {
	var b []byte
	for _, f := range c.kept {
		b = appendNote(b, Owner, NoteFile, append(append([]byte(f.name), 0), f.text...))
	}
	record, err := json.Marshal(c.record)
	if err != nil || len(record) > recordSize {
		record = nil // it has no more than 4 KiB unless a path has
	}
	return appendNote(b, Owner, NoteRecord, append(record, bytes.Repeat([]byte(" "), recordSize-len(record))...))
}

// streamAll writes the core in one go, while the process stands still but for the end.
func (c *capture) streamAll(ctx context.Context, m *memory, t *threads, began time.Time) error {
	out, done, err := c.compressor(c.out)
	if err != nil {
		return err
	}
	head := c.layout.head(machine(), c.page)
	if _, err := out.Write(head); err != nil {
		return err
	}
	if err := m.stream(ctx, &c.layout, out, uint64(len(head)), &pace{rate: c.opt.Rate, began: time.Now()}); err != nil {
		return err
	}
	t.release()
	c.finish(began, m)
	if _, err := out.Write(c.lastNotes()); err != nil {
		return err
	}
	return done()
}

// compressor returns what compresses into w, if that is asked for, and what ends it.
func (c *capture) compressor(w io.Writer) (io.Writer, func() error, error) {
	if !c.opt.Zstd {
		return w, func() error { return nil }, nil
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(min(2, runtime.NumCPU())), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, nil, err
	}
	return z, z.Close, nil
}

// writeHeld writes what was kept in memory to where it belongs.
func (c *capture) writeHeld(ctx context.Context, held *os.File) error {
	size := int64(c.layout.size)
	if err := held.Truncate(size); err != nil {
		return err
	}
	p := &pace{rate: c.opt.Rate, began: time.Now()}
	b := make([]byte, chunkSize)
	if to := c.places(); to != nil {
		for at := int64(0); at < size; {
			from, err := unix.Seek(int(held.Fd()), at, unix.SEEK_DATA)
			if errors.Is(err, unix.ENXIO) {
				break
			} else if err != nil {
				return err
			}
			end, err := unix.Seek(int(held.Fd()), from, unix.SEEK_HOLE)
			if err != nil {
				return err
			}
			for at = from; at < end; {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				n, err := held.ReadAt(b[:min(int64(len(b)), end-at)], at)
				if err != nil {
					return err
				}
				if _, err := to.WriteAt(b[:n], at); err != nil {
					return err
				}
				at += int64(n)
				p.add(ctx, n)
			}
		}
		return to.Truncate(size)
	}
	out, done, err := c.compressor(c.out)
	if err != nil {
		return err
	}
	for at := int64(0); at < size; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := held.ReadAt(b[:min(int64(len(b)), size-at)], at)
		if err != nil {
			return err
		}
		if _, err := out.Write(b[:n]); err != nil {
			return err
		}
		at += int64(n)
		p.add(ctx, n)
	}
	return done()
}

// refused says why the kernel does not let goheap at the process.
func (c *capture) refused(err error) error {
	r := rightsOver(c.pid)
	return r.explain(err)
}

// readable returns an error where the process is of another processor, or of 32 bits, whose
// registers and addresses are others.
func (c *capture) readable() error {
	f, err := os.Open(path.Join(string(c.proc), "exe"))
	if err != nil {
		return nil // nobody may read it, which forbids no look at the process
	}
	defer f.Close()
	var b [20]byte
	if _, err := io.ReadFull(f, b[:]); err != nil || string(b[:4]) != elf.ELFMAG {
		return nil
	}
	if class, is := elf.Class(b[elf.EI_CLASS]), elf.Machine(uint16(b[18])|uint16(b[19])<<8); class != elf.ELFCLASS64 || is != machine() {
		return fmt.Errorf("process %d is a program for %v, %v; this goheap captures those for %v: gcore takes a core of it", c.pid, is, class, machine())
	}
	return nil
}
