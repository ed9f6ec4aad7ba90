// Package capture writes the memory of a running process into an ELF core: what gdb's gcore
// does, without gdb, in less time, and of no more than what is there.
//
// The process is stopped by ptrace(2), its resident pages are copied from outside by
// process_vm_readv(2), and it goes on. Nothing is put into it; when the one who captures
// dies, the kernel lets the process go on.
package capture

import (
	"errors"
	"time"
)

// ErrRefused says that the kernel does not let goheap at the process.
var ErrRefused = errors.New("not allowed")

// Owner and types of goheap's own notes. Debuggers go by the types alone: these must be
// nobody else's.
const (
	Owner = "goheap"
	// NoteFile is a file of the kernel's as it was while the process stood still: its
	// name, as "smaps" or "memory.max", a zero byte, and the text.
	NoteFile = 0x47480001
	// NoteRecord is a Record as JSON, padded with spaces.
	NoteRecord = 0x47480002
)

// Options say how a process is captured. The zero value copies straight into the file.
type Options struct {
	Buffer   bool          // keep the copy in memory, and write it when the process goes on
	Zstd     bool          // compress the core
	MaxPause time.Duration // give up rather than stop the process for longer; 0 for no limit
	Rate     int64         // bytes per second that are written at most; 0 for no limit
}

// Result says what was done.
type Result struct {
	Threads  int
	Pause    time.Duration // from the first thread that stopped to the last that went on
	Content  uint64        // bytes of pages that were copied; a pipe gets zeros too
	Size     uint64        // of the core, not compressed, with its holes
	Segments int
	Swapped  uint64 // bytes that were swapped out, and were read back in
	Lost     uint64 // bytes that could not be read, and are zeros in the core
}

// Record is what a core says of its capture (NoteRecord).
type Record struct {
	PID       int            `json:"pid"`
	Name      string         `json:"name"`
	Exe       string         `json:"exe"`
	Time      time.Time      `json:"time"` // as the process stopped
	Uptime    float64        `json:"uptime_seconds"`
	Pause     float64        `json:"pause_seconds"`
	Threads   int            `json:"threads"`
	Content   uint64         `json:"content_bytes"`
	Swapped   uint64         `json:"swapped_bytes"`
	Lost      uint64         `json:"lost_bytes"`
	FirstPass bool           `json:"first_pass"` // whether pages were copied before the pause
	OpenFiles map[string]int `json:"open_files"`
}
