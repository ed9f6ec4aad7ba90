package layout

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Name is a type or variable that is looked up by its name beside the table, and
// the minor versions of Go that have it, as the `go` tag of Runtime.
type Name struct{ Name, Versions string }

// Types are what package gocore follows by rules of its own.
func Types() []Name {
	return []Name{
		{"interface {}", ""}, {"string", ""}, {"uintptr", ""}, {"unsafe.Pointer", ""},
		{"internal/abi.ArrayType", "21-"}, {"internal/abi.ChanType", "21-"}, {"internal/abi.FuncType", "21-"}, {"internal/abi.InterfaceType", "21-"},
		{"internal/abi.MapType", "26-"}, {"internal/abi.PtrType", "21-"}, {"internal/abi.SliceType", "21-"}, {"internal/abi.StructType", "21-"},
		{"internal/abi.Type", "21-"}, {"internal/abi.SwissMapType", "24-25"},
		{"internal/runtime/maps.Iter", "24-"}, {"internal/runtime/maps.Map", "24-"}, {"internal/runtime/maps.table", "24-"}, {"runtime.hmap", "-23"},
		{"reflect.Value", ""}, {"reflect.funcTypeFixed4", ""}, {"reflect.makeFuncImpl", ""}, {"reflect.rtype", ""},
		{"runtime.hchan", ""}, {"runtime.itabTableType", ""}, {"runtime.maybeTraceableChan", "26-"}, {"runtime.timeTimer", "23-"},
		{"internal/runtime/atomic.Uintptr", "23-"},
		{"runtime/pprof.labelMap", ""},
		{"sync.Pool", ""}, {"sync.eface", ""}, {"sync.poolLocal", ""}, {"sync.entry", "-23"}, {"sync.readOnly", "-23"},
		{"time.Ticker", ""}, {"time.Timer", ""},
	}
}

// Variables are those of the runtime that package gocore reads.
func Variables() []Name {
	return []Name{
		{"runtime.allfin", ""}, {"runtime.allgs", ""}, {"runtime.allm", ""}, {"runtime.allp", ""}, {"runtime.firstmoduledata", ""}, {"runtime.gcphase", ""}, {"runtime.work", ""}, {"runtime.ticks", ""}, {"internal/runtime/gc.SizeClassToSize", "25-"}, {"runtime.class_to_size", "-24"}, {"runtime.gcCleanups", "25-"},
		{"runtime.MemProfileRate", ""}, {"runtime.bbuckets", ""}, {"runtime.blockprofilerate", ""}, {"runtime.buckhash", ""}, {"runtime.debug", ""}, {"runtime.mProf", "18-18"}, {"runtime.mProfCycle", "19-"}, {"runtime.mbuckets", ""}, {"runtime.mutexprofilerate", ""}, {"runtime.xbuckets", ""}, {"runtime.gcBitsArenas", ""}, {"runtime.gcController", ""}, {"runtime.memstats", ""}, {"runtime.mheap_", ""}, {"runtime.persistentChunks", ""}, {"runtime.sched", ""}, {"runtime.waitReasonStrings", ""},
		{"sync.allPools", ""}, {"sync.oldPools", ""}, {"time.startNano", ""},
	}
}

// Program is a Source that knows its Go version, and types and variables by name.
type Program interface {
	Source
	GoMinor() int // 26 for go1.26.8; more than any where it has none
	HasType(name string) bool
	HasVariable(name string) bool
}

// has reports whether a version is among those of a `go` tag.
func has(versions string, minor int) bool {
	first, last, _ := strings.Cut(versions, "-")
	if n, err := strconv.Atoi(first); err == nil && minor < n {
		return false
	}
	n, err := strconv.Atoi(last)
	return err != nil || minor <= n
}

// Drift returns how the program to differs from what the table says of its version:
// what is missing, what is there although it should not, and what has another size
// or value than in the program from. It is a sentence each, in the order of the
// table. Offsets may differ; they are read from each program.
func Drift(from, to Program) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	var was, is []entry
	walk(new(Runtime), from, func(e entry) { was = append(was, e) })
	walk(new(Runtime), to, func(e entry) { is = append(is, e) })
	told := "" // the structure that was reported as a whole
	for i, e := range is {
		had, here, want := was[i].load(from), e.load(to), has(e.versions, to.GoMinor())
		name := e.name()
		// A program has only what it uses: what from has not, although its version
		// has, cannot be compared.
		unused := e.some && has(e.versions, from.GoMinor()) && !had
		switch {
		case e.versions == "experiment", unused, e.typ != "" && e.typ == told:
			continue
		case want && !here:
			say("%s is missing%s", name, inVersions(e.versions))
		case !want && here:
			say("%s is there%s", name, inVersions(e.versions))
		case !here || !had:
		case !e.sizeIs(was[i].size()):
			say("%s has %d bytes, not %d", name, e.size(), was[i].size())
		case e.constant != "" && !e.anyValue && was[i].value() != e.value():
			say("%s is %d, not %d", name, e.value(), was[i].value())
		}
		if want != here && e.path == "" {
			told = e.typ
		}
	}
	for _, list := range []struct {
		what  string
		names []Name
		has   func(Program, string) bool
	}{{"type", Types(), Program.HasType}, {"variable", Variables(), Program.HasVariable}} {
		for _, n := range list.names {
			unused := has(n.Versions, from.GoMinor()) && !list.has(from, n.Name)
			if has(n.Versions, to.GoMinor()) && !list.has(to, n.Name) && !unused {
				say("%s %s is missing%s", list.what, n.Name, inVersions(n.Versions))
			}
		}
	}
	return out
}

func inVersions(versions string) string {
	if versions == "" {
		return ""
	}
	first, last, _ := strings.Cut(versions, "-")
	switch {
	case first == "":
		return "; the table has it until Go 1." + last
	case last == "":
		return "; the table has it since Go 1." + first
	}
	return "; the table has it from Go 1." + first + " to 1." + last
}

// size is that of a field; a structure may grow as it likes.
func (e entry) size() int {
	if f, ok := e.into.Interface().(Field); ok {
		return f.Size
	}
	return 0
}

// sizeIs reports whether the size is the given one, or one that the table has.
func (e entry) sizeIs(was int) bool {
	return e.sizes == "any" || e.size() == was || slices.Contains(strings.Split(e.sizes, "|"), strconv.Itoa(e.size()))
}

func (e entry) value() int64 { return e.into.Interface().(Constant).Value }
