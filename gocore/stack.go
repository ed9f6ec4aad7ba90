package gocore

import (
	"fmt"
	"runtime/debug"

	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/use"
	"goheap/heap"
)

// Goroutine is one that has a stack.
type Goroutine struct {
	ID         uint64
	Node       heap.Node
	Status     string // "waiting", "running", …
	WaitReason string // "chan receive", …; "" for a goroutine that does not wait
	WaitNanos  int64  // how long it had waited when the last collection ran; -1 for unknown
	// Func is by which people know it: the innermost function that somebody wrote,
	// outside of the standard library, or else that of the library which was started.
	Func       string
	Locked     bool   // to its thread
	CreatedBy  string // the function of the go statement
	CreatedAt  string // its "file:line"
	ParentID   uint64 // of the goroutine that created it, 0 for unknown
	StackBytes uint64
	Thread     int // that runs it, 0 for none
}

// stacks are the goroutines, with their frames and the variables in these.
type stacks struct {
	*contents
	vars *frames.Reader
}

// Frame is a call on a goroutine's stack. Inlined calls are frames too.
type Frame struct {
	Func, File   string
	Line         int
	PC, SP       uint64
	Inlined      bool
	Conservative bool // its words were taken for pointers without a map
	Vars         []Var
}

// Var is a variable of a frame that has a place in memory.
type Var struct {
	Name, Type string
	Addr       uint64
	Target     heap.Node // the first object that it holds alive, heap.None for none
}

// Goroutines returns the goroutines that have a stack, in the order in which
// the runtime keeps them.
func (p *Process) Goroutines() []Goroutine {
	defer p.caught(debug.SetPanicOnFault(true))
	out := make([]Goroutine, len(p.im.Goroutines))
	for i := range p.im.Goroutines {
		out[i] = p.stacks.goroutineInfo(i)
	}
	return out
}

func (p *stacks) goroutineInfo(i int) Goroutine {
	g := &p.im.Goroutines[i]
	o := Goroutine{
		ID: g.ID, Node: heap.Node(1 + g.Root), Status: image.StatusName(g.Status), WaitNanos: -1,
		ParentID: g.Parent, StackBytes: g.StackHi - g.StackLo, Thread: g.Thread, Func: g.Func, Locked: g.Locked,
	}
	if g.Status == image.GWaiting || g.Status == image.GLeaked {
		o.WaitReason = g.Why
		if g.Why == "" {
			o.WaitReason = p.decoder.WaitReason(g.WaitReason)
		}
		if g.WaitSince > 0 && p.recorded.LastGC > g.WaitSince {
			o.WaitNanos = p.recorded.LastGC - g.WaitSince
		}
	}
	if o.Func == "" {
		if fn, ok := p.decoder.Function(g.StartPC); ok {
			o.Func = fn.Name()
		}
	}
	// The first goroutine was created by none. Until Go 1.20 its number is all that
	// tells it from the others.
	layout := p.decoder.Layout
	created := g.Parent != 0 || (layout == nil || !layout.G.ParentGoid.Has()) && g.ID != 1
	if fn, ok := p.decoder.Function(g.GoPC - 1); ok && created {
		o.CreatedBy = fn.Name()
		file, line := fn.FileLine(g.GoPC - 1)
		o.CreatedAt = fmt.Sprintf("%s:%d", file, line)
	}
	return o
}

// maxName bounds strings that the runtime or the linker wrote.
const maxName = 1 << 12

// Frames returns the calls on the stack of the goroutine with the given index in
// Goroutines, innermost first, and their variables.
func (p *Process) Frames(g int) []Frame {
	defer p.caught(debug.SetPanicOnFault(true))
	if g < 0 || g >= len(p.im.Goroutines) {
		return nil
	}
	return p.stacks.frames(g)
}

func (p *stacks) frames(g int) []Frame {
	r := &p.im.Roots[p.im.Goroutines[g].Root]
	if p.im.Goroutines[g].Recorded {
		return p.recordedFrames(g)
	}
	var out []Frame
	walked, words := p.vars.Walk(g)
	for i, fr := range walked {
		vars := p.vars.In(&fr, words)
		for _, call := range p.decoder.CallsAt(fr.LookupPC()) {
			f := callFrame(&fr, &call)
			for k := range vars {
				v := &vars[k]
				if v.Func != call.Name || len(v.Parts) == 0 && p.vars.Registers(g, i) == nil {
					continue
				}
				x := Var{Name: v.Name, Type: p.types.Type(v.Type).Name, Target: heap.None}
				if len(v.Parts) > 0 && v.Parts[0].Off == 0 && !v.Parted {
					x.Addr = fr.CFA() + uint64(v.Parts[0].CFA)
				}
				for _, pc := range p.im.Pieces[r.First : r.First+r.N] {
					if _, ok := v.Holds(&pc, fr.CFA(), uint64(p.im.Arch.PtrSize)); ok && int(pc.Frame) == i {
						if n, ok := p.im.Pages.Lookup(pc.Value); ok {
							x.Target = n
							break
						}
					}
				}
				f.Vars = append(f.Vars, x)
			}
			out = append(out, f)
		}
	}
	return out
}

// Root is a holder of heap memory that is no object itself.
type Root struct {
	Node          heap.Node
	Kind          RootKind
	Name          string
	Type, Package string // of a global; Type also of what a finalizer gets
	Addr, Size    uint64
	Goroutine     int // index in Goroutines, -1 for none
	Timers        int // how many they are, 0 where it is no root of timers
	// Own says that it is the runtime's, or a list that empties pools: it leads to what
	// others hold, and counts as holding only what nothing else leads to.
	Own bool
}

// ChannelTimers is the name of the root of timers that send the time on a channel.
const ChannelTimers = image.ChannelTimers

// Roots returns the roots that the file itself has, by node. Finalizers, cleanups and
// weak handles of objects that nothing reaches are among those of the Heap.
func (p *Process) Roots() []Root {
	defer p.caught(debug.SetPanicOnFault(true))
	return p.stacks.describeRoots(p.im.Roots)
}

// UsedBy says what code does with a root; nothing unless that is a global without a name.
func (p *objects) UsedBy(n heap.Node) (by use.Use) {
	defer p.caught(debug.SetPanicOnFault(true))
	if n != heap.SuperRoot && int(n) <= len(p.im.Roots) {
		by = p.mentions.UsedBy(&p.im.Roots[n-1])
	}
	return by
}

func (p *stacks) describeRoots(roots []image.Root) []Root {
	out := make([]Root, len(roots))
	for i := range roots {
		r := &roots[i]
		out[i] = Root{Node: heap.Node(1 + i), Kind: rootKind(r.Kind), Name: p.rootName(r), Addr: r.Addr, Size: r.Size, Goroutine: int(r.Goroutine), Own: r.Own() && !p.im.Physical}
		if r.Kind == image.TimerRoot {
			out[i].Timers = r.N
		}
		if id, ok := p.types.ByRuntimeType(r.PointerType); ok && r.PointerType != 0 {
			out[i].Type = p.types.Type(id).Name
		}
		if r.Kind == image.GlobalRoot {
			out[i].Type, out[i].Package = p.rootTypeName(r), program.PackageOf(r.Name)
		}
	}
	return out
}

func (p *stacks) rootName(r *image.Root) string {
	if r.Kind == image.GoroutineRoot {
		return p.goroutineName(int(r.Goroutine))
	}
	return r.Name
}
