package layout

import "fmt"

// Names are what package gocore looks up by name beside the table: types that it
// follows by rules of their own, and variables of the runtime.
func Names() (types, variables []string) {
	return []string{
			"internal/abi.ArrayType", "internal/abi.ChanType", "internal/abi.FuncType", "internal/abi.InterfaceType",
			"internal/abi.MapType", "internal/abi.PtrType", "internal/abi.SliceType", "internal/abi.StructType", "internal/abi.Type",
			"internal/runtime/maps.Map", "internal/runtime/maps.table", "interface {}", "reflect.Value", "reflect.funcTypeFixed4",
			"reflect.makeFuncImpl", "reflect.rtype", "runtime.hchan", "runtime.itabTableType", "runtime.maybeTraceableChan",
			"runtime.timeTimer", "runtime/pprof.labelMap", "string", "sync.Pool", "sync.eface", "sync.poolLocal", "time.Ticker", "time.Timer",
			"uintptr", "unsafe.Pointer",
		}, []string{
			"runtime.allgs", "runtime.firstmoduledata", "runtime.gcController", "runtime.memstats", "runtime.mheap_",
			"runtime.waitReasonStrings",
		}
}

// Program is a Source that knows types and variables by name.
type Program interface {
	Source
	HasType(name string) bool
	HasVariable(name string) bool
}

// Drift returns what gocore relies on and the program to has not, or has in
// another size, while the program from has it: a sentence each, in the order of
// the table. Offsets may differ; they are read from each program.
func Drift(from, to Program) []string {
	var out []string
	var was, is []entry
	walk(new(Runtime), from, func(e entry) { was = append(was, e) })
	walk(new(Runtime), to, func(e entry) { is = append(is, e) })
	for i := range was {
		had, has := was[i].load(from), is[i].load(to)
		switch {
		case had && !has && is[i].optional:
			out = append(out, fmt.Sprintf("%s is missing; the table calls it optional", was[i].name()))
		case had && !has:
			out = append(out, was[i].name()+" is missing")
		case had && was[i].name() != is[i].name():
			out = append(out, fmt.Sprintf("%s is called %s", was[i].name(), is[i].name()))
		case had && was[i].size() != is[i].size():
			out = append(out, fmt.Sprintf("%s has %d bytes, not %d", was[i].name(), is[i].size(), was[i].size()))
		case had && was[i].constant != "" && was[i].into.Interface() != is[i].into.Interface():
			out = append(out, fmt.Sprintf("%s is %d, not %d", was[i].name(), is[i].into.Interface().(Constant).Value, was[i].into.Interface().(Constant).Value))
		}
	}
	types, variables := Names()
	for _, name := range types {
		if from.HasType(name) && !to.HasType(name) {
			out = append(out, "type "+name+" is missing")
		}
	}
	for _, name := range variables {
		if from.HasVariable(name) && !to.HasVariable(name) {
			out = append(out, "variable "+name+" is missing")
		}
	}
	return out
}

// size is that of a field; a structure may grow as it likes.
func (e entry) size() int {
	if f, ok := e.into.Interface().(Field); ok {
		return f.Size
	}
	return 0
}
