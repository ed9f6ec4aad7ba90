package account

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Residency is what the kernel said of the memory of a process, and of its cgroup. A
// number that nobody kept is 0.
type Residency struct {
	Sources  []string // which files of the kernel's there were, as "smaps"
	Mappings []Mapped // by address; none where smaps was not kept
	// RSS is what was resident, of all mappings; Peak is the most that it ever was.
	RSS, Anon, File, Shmem, Swap, Peak uint64
	// Huge is what stands in transparent huge pages, of RSS.
	Huge uint64
	// Cgroup is what the cgroup of the process was charged for.
	Cgroup uint64
}

// Mapped is a mapping of the process.
type Mapped struct {
	Start, End        uint64
	Access            string // as "rw-p"
	Path              string // or the kernel's word for it, as "[heap]"
	Resident, Swapped uint64
}

// ErrNotResidency is the error of Read for other texts.
var ErrNotResidency = errors.New("it is none of /proc/PID/smaps, smaps_rollup, status, and memory.current or memory.stat of a cgroup")

// Read adds what a file of the kernel says, whichever it is: /proc/PID/smaps,
// smaps_rollup or status, or memory.current or memory.stat of a cgroup.
func (r *Residency) Read(text []byte) error {
	var err error
	source := ""
	first, _, _ := bytes.Cut(text, []byte("\n"))
	switch fields := strings.Fields(string(first)); {
	case len(fields) == 1 && isNumber(fields[0]):
		source = "memory.current"
		r.Cgroup, err = strconv.ParseUint(fields[0], 10, 64)
	case len(fields) == 2 && fields[0] == "anon" && isNumber(fields[1]):
		source = "memory.stat" // what it counts is part of memory.current
	case len(fields) > 1 && fields[0] == "Name:":
		source = "status"
		err = r.readStatus(text)
	case len(fields) >= 5 && strings.Contains(fields[0], "-") && strings.Contains(string(first), "[rollup]"):
		source = "smaps_rollup"
		err = r.readRollup(text)
	case len(fields) >= 5 && strings.Contains(fields[0], "-"):
		source = "smaps"
		err = r.readSmaps(text)
	default:
		return ErrNotResidency
	}
	if err == nil {
		r.Sources = append(r.Sources, source)
	}
	return err
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

// value reads a line such as "Rss:   12 kB"; ok is false for one of another form.
func value(line string) (key string, n uint64, ok bool) {
	key, rest, found := strings.Cut(line, ":")
	f := strings.Fields(rest)
	if !found || len(f) != 2 || f[1] != "kB" {
		return "", 0, false
	}
	n, err := strconv.ParseUint(f[0], 10, 54)
	return key, n << 10, err == nil
}

func lines(text []byte, f func(line string) error) error {
	for number := 1; len(text) > 0; number++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if err := f(string(line)); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	return nil
}

func (r *Residency) readStatus(text []byte) error {
	to := map[string]*uint64{"VmRSS": &r.RSS, "RssAnon": &r.Anon, "RssFile": &r.File, "RssShmem": &r.Shmem, "VmSwap": &r.Swap, "VmHWM": &r.Peak}
	return lines(text, func(line string) error {
		if key, n, ok := value(line); ok && to[key] != nil && (key != "VmRSS" || r.RSS == 0) {
			*to[key] = n
		}
		return nil
	})
}

func (r *Residency) readRollup(text []byte) error {
	to := map[string]*uint64{"Rss": &r.RSS, "Anonymous": &r.Anon, "Swap": &r.Swap, "AnonHugePages": &r.Huge}
	return lines(text, func(line string) error {
		if key, n, ok := value(line); ok && to[key] != nil {
			*to[key] = n
		}
		return nil
	})
}

// readSmaps reads the mappings, whose sum then is the RSS.
func (r *Residency) readSmaps(text []byte) error {
	var sum Residency
	var all []Mapped
	err := lines(text, func(line string) error {
		if key, n, ok := value(line); ok {
			if len(all) == 0 {
				return errors.New("a number stands before the first mapping")
			}
			m := &all[len(all)-1]
			n = min(n, m.End-m.Start)
			switch key {
			case "Rss":
				m.Resident = n
			case "Anonymous":
				sum.Anon += n
			case "Swap":
				m.Swapped = n
			case "AnonHugePages":
				sum.Huge += n
			}
			return nil
		}
		f := strings.Fields(line)
		if len(f) < 5 || strings.HasSuffix(f[0], ":") {
			return nil // as "VmFlags: rd wr"
		}
		from, to, _ := strings.Cut(f[0], "-")
		start, err1 := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err1 != nil || err2 != nil || start >= end {
			return fmt.Errorf("%q is no range of addresses", f[0])
		}
		if n := len(all); n > 0 && all[n-1].End > start {
			return fmt.Errorf("the mapping %q begins before the one above it ends", f[0])
		}
		m := Mapped{Start: start, End: end, Access: f[1]}
		if len(f) > 5 {
			m.Path = strings.Join(f[5:], " ")
		}
		all = append(all, m)
		return nil
	})
	if err != nil {
		return err
	}
	for i := range all {
		sum.RSS += all[i].Resident
		sum.Swap += all[i].Swapped
	}
	r.Mappings, r.RSS, r.Anon, r.Swap, r.Huge = all, sum.RSS, sum.Anon, sum.Swap, sum.Huge
	return nil
}

// Divide cuts the regions where a mapping that the kernel told of begins or ends, gives
// those names that it has for what nobody claims, and adds what the regions lack of the
// mappings. Content must not have been counted before.
func (a *Account) Divide(r *Residency) {
	a.Resident = r
	if len(r.Mappings) == 0 {
		return
	}
	var out []Region
	rest := slices.Clone(a.Regions)
	for i := range r.Mappings {
		m := &r.Mappings[i]
		for len(rest) > 0 && rest[0].Start < m.Start {
			before := rest[0]
			if before.End <= m.Start {
				rest = rest[1:]
			} else {
				before.End, rest[0].Start = m.Start, m.Start
			}
			out = append(out, before)
		}
		at := m.Start
		for len(rest) > 0 && rest[0].Start < m.End {
			in := rest[0]
			if in.End <= m.End {
				rest = rest[1:]
			} else {
				in.End, rest[0].Start = m.End, m.End
			}
			out = m.gap(out, at, in.Start)
			out = append(out, m.named(in))
			at = in.End
		}
		out = m.gap(out, at, m.End)
	}
	a.Regions = append(out, rest...)
}

// Share gives each region what was resident of it, once content has been counted. Where a
// mapping has memory of several, each has what the core shows of it, and the pages of
// zeros that are resident too go to them in order.
func (a *Account) Share() {
	if a.Resident == nil {
		return
	}
	rest := a.Regions
	for i := range a.Resident.Mappings {
		m := &a.Resident.Mappings[i]
		for len(rest) > 0 && rest[0].Start < m.Start {
			rest = rest[1:]
		}
		n := 0
		for n < len(rest) && rest[n].Start < m.End {
			n++
		}
		m.share(rest[:n])
		rest = rest[n:]
	}
}

// gap adds a region of what a mapping has between two others.
func (m *Mapped) gap(out []Region, start, end uint64) []Region {
	if start >= end || m.Resident+m.Swapped == 0 {
		return out // nothing is there, and often nothing may be
	}
	return append(out, m.named(Region{Start: start, End: end, Kind: Anonymous}))
}

// named is a region with the name that the kernel has for it, where nothing better is
// known.
func (m *Mapped) named(r Region) Region {
	if r.Kind != Anonymous {
		return r
	}
	switch {
	case m.Path == "[heap]":
		r.Kind = CHeap
	case m.Path == "[stack]":
		r.Kind = ThreadStack
	case strings.HasPrefix(m.Path, "[v"):
		r.Kind, r.Name = Kernel, m.Path
	case strings.HasPrefix(m.Path, "[anon: Go: "): // runtime/set_vma_name_linux.go, since Go 1.25
		r.Kind = GoTables
	case strings.HasPrefix(m.Path, "/"):
		r.Kind, r.Name = File, m.Path
		if strings.Contains(m.Access, "x") {
			r.Kind = Library
		}
	}
	return r
}

// share divides what is resident of a mapping among the regions in it.
func (m *Mapped) share(regions []Region) {
	left, swapped := m.Resident, m.Swapped
	for i := range regions {
		r := &regions[i]
		r.Resident = min(r.Content, r.Size(), left)
		left -= r.Resident
	}
	for i := range regions {
		r := &regions[i]
		more := min(left, r.Size()-r.Resident)
		r.Resident += more
		left -= more
		r.Swapped = min(swapped, r.Size()-r.Resident)
		swapped -= r.Swapped
	}
}
