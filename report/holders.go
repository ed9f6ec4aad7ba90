package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// Holder is a row of what holds the live heap, as people read it: a variable, a class of
// roots that are one thing to them, or objects that several of these hold together.
// Rows do not overlap, and add up to the live heap.
type Holder struct {
	Retainer      // of a class, Members are its roots
	Class    bool // it stands for several roots
	Own      bool // they are the runtime's own
	// Classes says that Holders are the lowest roots of classes, and stand for these.
	Classes bool
	// OtherTypes is how many types the members have beside Type, which is that of those
	// that retain most, or of the structs that there are for each of them; Count is the
	// number of these.
	OtherTypes int
	// Reached is what it leads to, shared with others or not; of objects that several
	// hold it is what they retain.
	Reached      uint64
	ReachedKnown bool
	Timers       int // how many there are of them, 0 where it is no root of timers
	// At is where the bytes come together below a single retainer: its accumulation
	// point. For a row with Members it is Node.
	At heap.Node
	// List is the number of elements of the list that At is the first of, 0 for none.
	List int
	// Split is its part of the live heap when what several hold is split evenly between
	// them; valid if Splits. The parts of all rows of Splitting add up to the live heap.
	// Holders that are not told apart have one part together, so that theirs here is what
	// they retain.
	Split  uint64
	Splits bool

	nodes  []heap.Node // of a cluster, the objects that it is called by
	within []heap.Node // of a class, what several of its roots hold together (heap.ClassJoint)
}

// counted is the name of a class, or of timers, with their number for people.
func (h *Holder) counted() string {
	if h.Timers > 0 {
		return comma(uint64(h.Timers)) + " " + h.Name
	}
	return comma(h.Count) + strings.TrimPrefix(h.Name, fmt.Sprint(h.Count))
}

// Single reports whether the row stands for one node.
func (h *Holder) Single() bool { return h.Count <= 1 && h.OtherTypes == 0 }

// RetainerRuntime is the kind of what the runtime holds for itself.
const RetainerRuntime RetainerKind = "runtime"

// class is a class of roots: a partition of all of them.
type class struct {
	kind  RetainerKind
	roots []heap.Node // ascending
	// words name several of them: "goroutines in main.worker, created by main.main".
	words  string
	own    bool
	timers int // how many a root of timers has
}

// classes are the classes of roots, and by root less one the number of its own.
type classes struct {
	all []class
	of  []uint32
}

// rootsByClass is rootClasses, made once.
func (s *Snapshot) rootsByClass() *classes {
	c, _ := s.classes.get(func() (*classes, error) { return rootClasses(s), nil }) // never fails
	return c
}

// rootClasses puts each root into its class: goroutines by the function that they run and
// the one that created them, finalizers and cleanups by what they are about, and what the
// runtime has for itself, its own goroutines included, into one. Timers are classes
// already. Variables are a class each; of those without a name, which are a class for each
// word, the words between which code names nothing are one, and those of a literal if they
// are many.
func rootClasses(s *Snapshot) *classes {
	c := &classes{of: make([]uint32, s.Graph.Roots)}
	place := map[string]uint32{}
	goroutines := goroutineByNode(s)
	nameless := stripped(s)
	literals := map[uint32]bool{}
	for _, r := range s.Heap.Roots() {
		k := class{kind: RetainerKind(r.Kind.String()), timers: r.Timers}
		switch g, ok := goroutines[r.Node]; {
		case r.Own || ok && ofRuntime(g.Goroutine):
			k.kind, k.words, k.own = RetainerRuntime, "roots of the runtime", true
		case ok:
			k.words = goroutinesIn(g.Goroutine)
		case r.Kind == gocore.FinalizerRoot || r.Kind == gocore.CleanupRoot || r.Kind == gocore.WeakHandleRoot:
			if n, ok := s.Heap.NodeAt(r.Addr); ok && r.Type == "" && s.Dominators.Live(n) {
				r.Type = "*" + s.Heap.Type(n) // it keeps its own object alive
			}
			k.words = specialsOf(r)
		case r.Kind == gocore.GlobalRoot && nameless:
			u := s.Heap.UsedBy(r.Node)
			if u.First != "" {
				k.words = "words of the data from " + u.First + " on"
			}
			literals[uint32(len(c.all))] = u.Literal
		}
		at, seen := place[k.words]
		if !seen || k.words == "" {
			at = uint32(len(c.all))
			c.all = append(c.all, k)
			place[k.words] = at
		}
		c.all[at].roots = append(c.all[at].roots, r.Node)
		c.of[r.Node-1] = at
	}
	for i := range c.all {
		k := &c.all[i]
		if k.kind != RetainerKind(gocore.GlobalRoot.String()) {
			continue
		}
		if literals[uint32(i)] && len(k.roots) < manyWords {
			for _, root := range k.roots[1:] {
				c.of[root-1] = uint32(len(c.all))
				c.all = append(c.all, class{kind: c.all[i].kind, roots: []heap.Node{root}})
			}
			k = &c.all[i]
			k.roots = k.roots[:1]
		}
		if len(k.roots) == 1 {
			k.words = ""
		}
	}
	// Numbers of roots that there are not: nothing is reached from them.
	if len(c.all) == 0 {
		c.all = append(c.all, class{})
	}
	return c
}

// manyWords is how many words of a literal are one holder: it is an array then as a rule, and
// fewer are fields that are told of one by one.
const manyWords = 8

// ofRuntime reports whether a goroutine is one of those that the runtime starts for
// itself (runtime/traceback.go, isSystemGoroutine).
func ofRuntime(g gocore.Goroutine) bool {
	return strings.HasPrefix(g.Func, "runtime.") && g.Func != "runtime.main" && (g.CreatedBy == "" || strings.HasPrefix(g.CreatedBy, "runtime."))
}

// goroutinesIn is what goroutines like g are called: "goroutines in main.worker, created
// by main.main".
func goroutinesIn(g gocore.Goroutine) string {
	text := "goroutines"
	if g.Func != "" {
		text += " in " + g.Func
	}
	if g.CreatedBy != "" {
		text += ", created by " + g.CreatedBy
	}
	return text
}

// specialsOf is what specials like r are called: "finalizers of *main.Device".
func specialsOf(r gocore.Root) string {
	text := "weak handles"
	switch r.Kind {
	case gocore.FinalizerRoot:
		text = "finalizers"
	case gocore.CleanupRoot:
		text = "cleanups"
	}
	if r.Type != "" {
		text += " of " + r.Type
	}
	return text
}

// name names all roots of a class.
func (c *class) name() string { return fmt.Sprintf("%d %s", len(c.roots), c.words) }

// heldByClass names the class whose lowest root n is.
func heldByClass(s *Snapshot, n heap.Node) string {
	c := s.rootsByClass()
	switch k := &c.all[c.of[n-1]]; {
	case len(k.roots) > 1:
		return comma(uint64(len(k.roots))) + " " + k.words
	case k.timers > 0:
		return comma(uint64(k.timers)) + " " + s.Heap.Name(n)
	default:
		in, _, _ := strings.Cut(k.words, ", created by ")
		if in, ok := strings.CutPrefix(in, "goroutines "); ok && !k.own {
			return s.Heap.Name(n) + " " + in
		}
	}
	return s.Heap.Name(n)
}

// Holders returns what holds the live heap, the largest first, in the order of Retainers.
// The slice belongs to the Snapshot.
func (s *Snapshot) Holders(ctx context.Context) ([]Holder, error) {
	rows, err := rowsOfHolders(ctx, s)
	return rows.all, err
}

func rowsOfHolders(ctx context.Context, s *Snapshot) (holderRows, error) {
	return s.holders.get(func() (holderRows, error) {
		d := s.Dominators
		if err := d.PreparePaths(s.within(ctx)); err != nil {
			return holderRows{}, err
		}
		c := s.rootsByClass()
		joint, err := d.JointByClass(s.within(ctx), s.Heap.TypeIDs(), c.of, len(c.all))
		if err != nil {
			return holderRows{}, err
		}
		roots := s.Heap.Roots()
		sets := clusters(s, c, joint)
		rows, inside, groups := clusterHolders(s, c, joint, sets)
		shares, rest := joint.Shares()
		for i, set := range sets {
			rows[i].Splits = true
			for _, k := range set {
				rows[i].Split += shares[k]
			}
		}
		for i, total := range joint.Classes {
			if total.Retained.Bytes > 0 && !inside[i] {
				h := classHolder(s, &c.all[i], roots, total.Retained)
				h.Reached, h.ReachedKnown = total.Reached.Bytes, total.Told
				h.Split, h.Splits = shares[i], true
				h.within = joint.Within[i]
				rows = append(rows, h)
			}
		}
		rows = append(rows, jointHolders(s, groups)...)
		slices.SortStableFunc(rows, func(a, b Holder) int { return compareRetainers(a.Retainer, b.Retainer) })
		all, err := gather(ctx, s, rows)
		return holderRows{all, sharingHolders(s, c, joint, inside, shares, rest)}, err
	})
}

// classHolder is the row of a class of roots.
func classHolder(s *Snapshot, c *class, roots []gocore.Root, total heap.Total) Holder {
	most := c.roots[0]
	for _, n := range c.roots {
		if s.Dominators.Retained(n) > s.Dominators.Retained(most) {
			most = n
		}
	}
	h := Holder{Own: c.own, Retainer: Retainer{
		Kind: c.kind, Node: most, Count: uint64(len(c.roots)), Objects: total.Objects, Retained: total.Bytes,
	}}
	if len(c.roots) == 1 {
		r := roots[most-1]
		h.Name, h.Type, h.Address, h.Timers = r.Name, r.Type, r.Addr, r.Timers
	} else {
		h.Class, h.Members, h.Name = true, c.roots, c.name()
	}
	return h
}

// jointHolders makes a row of all groups that the same holders hold: they go when all of
// these let go, whatever their types are. It is called by the type of those that retain
// most, or by a struct type of which there are as many where that is none.
func jointHolders(s *Snapshot, groups []heap.JointGroup) []Holder {
	var rows []Holder
	place := map[string]int{}
	for _, g := range groups {
		key := fmt.Sprint(g.Holders, g.MoreHolders)
		at, seen := place[key]
		if !seen {
			place[key] = len(rows)
			rows = append(rows, jointHolder(s, g))
			continue
		}
		h := &rows[at]
		h.Kind, h.Address = RetainerJoint, 0
		h.OtherTypes++
		if uint64(g.Count) == h.Count && !isStruct(h.Type) && calls(s.Heap.Type(g.Most)) {
			h.Type, h.TypeID = s.Heap.Type(g.Most), g.Type // a command and not the buffer of it
		}
		h.Objects += g.Objects
		h.Shallow += g.Shallow
		h.Retained += g.Retained
		h.Members = append(h.Members, g.Nodes...)
	}
	for i := range rows {
		h := &rows[i]
		h.Reached, h.ReachedKnown = h.Retained, true
		if h.OtherTypes > 0 {
			slices.Sort(h.Members)
			h.Name = fmt.Sprintf("%d × %s and %s", h.Count, h.Type, plural(uint64(h.OtherTypes), "other type"))
		}
	}
	return rows
}

// calls reports whether objects of a type can give their name to others.
func calls(typ string) bool { return isStruct(typ) && !ofGoroutine(typ) }

// jointHolder is the row of a group.
func jointHolder(s *Snapshot, g heap.JointGroup) Holder {
	h := Holder{Retainer: jointRetainer(s, g), Classes: true}
	h.Members = slices.Clone(h.Members)
	return h
}
