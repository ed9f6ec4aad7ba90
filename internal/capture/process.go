//go:build linux && (amd64 || arm64)

package capture

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// identity is what /proc/PID/stat and status say of a process.
type identity struct {
	pid, parent, group, session int
	uid, gid                    int
	state                       byte // as in stat: R, S, D, ...
	name                        string
	started                     uint64 // clock ticks after boot
}

// proc reads the files of one process below /proc.
type proc string

func procOf(pid int) proc { return proc(fmt.Sprintf("/proc/%d", pid)) }

func (p proc) read(name string) ([]byte, error) { return os.ReadFile(path.Join(string(p), name)) }

// identity reads stat and status.
func (p proc) identity(pid int) (identity, error) {
	b, err := p.read("stat")
	if err != nil {
		return identity{}, err
	}
	id := identity{pid: pid}
	from, to := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if from < 0 || to < from {
		return identity{}, fmt.Errorf("%s/stat cannot be read: %q", p, b)
	}
	id.name = string(b[from+1 : to])
	f := strings.Fields(string(b[to+1:]))
	if len(f) < 20 {
		return identity{}, fmt.Errorf("%s/stat cannot be read: %q", p, b)
	}
	id.state = f[0][0]
	for i, to := range map[int]*int{1: &id.parent, 2: &id.group, 3: &id.session} {
		*to, _ = strconv.Atoi(f[i])
	}
	id.started, _ = strconv.ParseUint(f[19], 10, 64)
	status, err := p.read("status")
	if err != nil {
		return identity{}, err
	}
	id.uid, _ = strconv.Atoi(field(status, "Uid"))
	id.gid, _ = strconv.Atoi(field(status, "Gid"))
	return id, nil
}

// field returns the first word behind "name:" in a file such as status.
func field(text []byte, name string) string {
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			if f := strings.Fields(rest); len(f) > 0 {
				return f[0]
			}
		}
	}
	return ""
}

// ticks is how many clock ticks a second has for user space, on all processors
// (include/asm-generic/param.h, USER_HZ).
const ticks = 100

// uptime is how long the process has run.
func (p proc) uptime(id identity) time.Duration {
	b, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), " ")
	up, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return time.Duration((up - float64(id.started)/ticks) * float64(time.Second)).Round(10 * time.Millisecond)
}

// openFiles counts what the process has open, by kind: "file", "socket", "pipe", or the
// kernel's name of something else, as "eventpoll".
func (p proc) openFiles() map[string]int {
	dir := path.Join(string(p), "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	kinds := map[string]int{}
	for _, e := range entries {
		to, err := os.Readlink(path.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		kind := "file"
		if !strings.HasPrefix(to, "/") {
			kind, _, _ = strings.Cut(to, ":")
			if name, ok := strings.CutPrefix(to, "anon_inode:"); ok {
				kind = strings.Trim(name, "[]")
			}
		}
		kinds[kind]++
	}
	return kinds
}

// keptFile is a file of the kernel's that goes into the core.
type keptFile struct {
	name string // as "smaps", or "memory.max" of the cgroup
	text []byte
}

// memoryFiles are what cgroups say of memory: version 2, then version 1.
var memoryFiles = []string{
	"memory.current", "memory.max", "memory.high", "memory.events", "memory.stat", "memory.swap.current", "memory.swap.max",
	"memory.usage_in_bytes", "memory.limit_in_bytes", "memory.failcnt", "memory.oom_control",
}

// keptFiles reads what the kernel says of the process. What cannot be read is left out.
func (p proc) keptFiles() []keptFile {
	var list []keptFile
	keep := func(name, from string) {
		if b, err := os.ReadFile(from); err == nil {
			list = append(list, keptFile{name, b})
		}
	}
	for _, name := range []string{"smaps", "smaps_rollup", "status", "limits", "cgroup"} {
		keep(name, path.Join(string(p), name))
	}
	if dir := p.cgroup(); dir != "" {
		for _, name := range memoryFiles {
			keep(name, path.Join(dir, name))
		}
	}
	return list
}

// cgroup returns the folder of the process's cgroup that counts memory, "" for none. In a
// container the names of cgroups above are hidden: its own is the root that is mounted.
func (p proc) cgroup() string {
	b, err := p.read("cgroup")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 {
			continue
		}
		root, file := "/sys/fs/cgroup", "memory.current"
		switch {
		case f[0] == "0" && f[1] == "":
		case slices.Contains(strings.Split(f[1], ","), "memory"):
			root, file = "/sys/fs/cgroup/memory", "memory.usage_in_bytes"
		default:
			continue
		}
		for _, dir := range []string{path.Join(root, f[2]), root} {
			if _, err := os.Stat(path.Join(dir, file)); err == nil {
				return dir
			}
		}
	}
	return ""
}
