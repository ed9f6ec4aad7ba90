//go:build linux && (amd64 || arm64)

package capture

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// mapping is a line of /proc/PID/maps (proc_pid_maps(5)).
type mapping struct {
	start, end uint64
	read       bool
	write      bool
	exec       bool
	shared     bool
	offset     uint64 // in the file, bytes
	inode      uint64 // 0 for memory of no file
	path       string // of a file, or a name such as [stack]
}

// readMappings decodes /proc/PID/maps.
func readMappings(text []byte) ([]mapping, error) {
	var list []mapping
	s := bufio.NewScanner(bytes.NewReader(text))
	for s.Scan() {
		m, ok := readMapping(s.Text())
		if !ok {
			return nil, fmt.Errorf("line %d of maps cannot be read: %q", len(list)+1, s.Text())
		}
		list = append(list, m)
	}
	return list, s.Err()
}

func readMapping(line string) (mapping, bool) {
	var m mapping
	fields := make([]string, 5)
	rest := line
	for i := range fields {
		fields[i], rest, _ = strings.Cut(strings.TrimLeft(rest, " "), " ")
	}
	m.path = unescape(strings.TrimLeft(rest, " "))
	from, to, ok := strings.Cut(fields[0], "-")
	var errs [4]error
	m.start, errs[0] = strconv.ParseUint(from, 16, 64)
	m.end, errs[1] = strconv.ParseUint(to, 16, 64)
	m.offset, errs[2] = strconv.ParseUint(fields[2], 16, 64)
	m.inode, errs[3] = strconv.ParseUint(fields[4], 10, 64)
	if p := fields[1]; len(p) == 4 {
		m.read, m.write, m.exec, m.shared = p[0] == 'r', p[1] == 'w', p[2] == 'x', p[3] == 's'
	} else {
		ok = false
	}
	return m, ok && errs == [4]error{} && m.start < m.end
}

// unescape puts newlines back, which alone the kernel writes as an octal number in maps
// (fs/proc/task_mmu.c, show_map_vma).
func unescape(path string) string { return strings.ReplaceAll(path, `\012`, "\n") }

// part says what of a mapping goes into the core.
type part uint8

const (
	nothing   part = iota // not even a program header: the kernel's own
	untouched             // a program header: the file it is of has the bytes, or nobody
	changed               // the pages that are no longer the file's
	whole                 // these, and what the file has of the others
	resident              // the pages that are in memory, or swapped out
)

// keeps is what the kernel's default would keep (core(5), coredump_filter 0x33), but for
// pages that nobody has touched: those of anonymous memory are zeros, those of files are in
// the files. What the program may have written to is kept whole, since what reads the core
// does not look for data in executables.
func (m *mapping) keeps() part {
	switch {
	case m.path == "[vvar]" || m.path == "[vvar_vclock]" || m.path == "[vsyscall]":
		return nothing
	case m.inode == 0 || m.anonymous():
		return resident
	case strings.HasPrefix(m.path, "/dev/") && !strings.HasPrefix(m.path, "/dev/shm/"):
		return untouched // reading a device may have effects
	case m.shared && strings.HasSuffix(m.path, " (deleted)"):
		return resident // nobody else has it any more
	case m.shared:
		return untouched
	case m.write:
		return whole
	}
	return changed
}

// anonymous reports whether the file of a mapping is one that the kernel makes for memory
// without a file: shared memory, huge pages, memfd_create (mm/shmem.c, fs/hugetlbfs/inode.c).
func (m *mapping) anonymous() bool {
	for _, prefix := range []string{"/dev/zero (deleted)", "/anon_hugepage (deleted)", "/memfd:", "/SYSV"} {
		if strings.HasPrefix(m.path, prefix) {
			return true
		}
	}
	return false
}
