package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// RetainerCluster is the kind of what some classes of goroutines and timers hold, for
// themselves and together: the connections of a client, each held by its goroutines.
const RetainerCluster RetainerKind = "cluster"

// clusters puts classes of goroutines and timers together that hold objects of which there
// is one for each of them, or nearly so, and which nothing else holds: a set of classes
// for each cluster, ascending. A queue that some workers share joins nobody: it is one
// thing that many hold. Nor do small things, such as the channel by which a goroutine waits
// for a timer: what the goroutine holds is told by the goroutine alone.
func clusters(s *Snapshot, c *classes, joint *heap.ClassJoint) [][]int {
	const half = 2
	parent := make([]int, len(c.all))
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			i = parent[i]
		}
		return i
	}
	// Of what the same classes hold, all types count.
	bytes := map[string]uint64{}
	key := func(g *heap.JointGroup) string { return fmt.Sprint(g.Holders) }
	for i := range joint.Groups {
		if g := &joint.Groups[i]; !g.MoreHolders {
			bytes[key(g)] += g.Retained
		}
	}
	for i := range joint.Groups {
		g := &joint.Groups[i]
		if g.MoreHolders || len(g.Holders) == 0 {
			continue
		}
		fewest, own := ^uint64(0), uint64(0)
		for _, root := range g.Holders {
			k := int(c.of[root-1])
			fewest = min(fewest, c.all[k].count())
			own = max(own, joint.Classes[k].Retained.Bytes)
		}
		if fewest < 2 || uint64(g.Count) < fewest/half || bytes[key(g)] < own/half {
			continue
		}
		for _, root := range g.Holders[1:] {
			a, b := find(int(c.of[g.Holders[0]-1])), find(int(c.of[root-1]))
			parent[max(a, b)] = min(a, b)
		}
	}
	byRoot := map[int][]int{}
	for i := range parent {
		byRoot[find(i)] = append(byRoot[find(i)], i)
	}
	var sets [][]int
	for i := range parent {
		if set := byRoot[i]; len(set) > 1 {
			sets = append(sets, set)
		}
	}
	return sets
}

// count is how many goroutines or timers a class has, 0 for one of other roots.
func (c *class) count() uint64 {
	switch {
	case c.own:
	case c.timers > 0:
		return uint64(c.timers)
	case c.kind == RetainerKind(gocore.GoroutineRoot.String()):
		return uint64(len(c.roots))
	}
	return 0
}

// clusterHolders makes a row of each cluster, and takes those out of the rows of groups
// that it holds. What a cluster retains is what its classes do, and what no others hold.
func clusterHolders(s *Snapshot, c *classes, joint *heap.ClassJoint, sets [][]int) (rows []Holder, inside []bool, rest []heap.JointGroup) {
	inside = make([]bool, len(c.all))
	at := make([]int, len(c.all)) // the place of its cluster, plus 1
	for i, set := range sets {
		for _, k := range set {
			inside[k], at[k] = true, i+1
		}
	}
	held := make([][]heap.JointGroup, len(sets))
	for _, g := range joint.Groups {
		of := 0
		for i, root := range g.Holders {
			if k := at[c.of[root-1]]; i == 0 || k == of {
				of = k
			} else {
				of = 0
				break
			}
		}
		if of > 0 && !g.MoreHolders {
			held[of-1] = append(held[of-1], g)
		} else {
			rest = append(rest, g)
		}
	}
	for i, set := range sets {
		rows = append(rows, clusterHolder(s, c, joint, set, held[i]))
	}
	return rows, inside, rest
}

// clusterHolder is the row of a cluster, which is called by the struct type of the objects
// that keep most of those of which there are as many as goroutines or timers in a class, or
// as of what keeps most of all: a connection and not its buffer. groups is in that order.
func clusterHolder(s *Snapshot, c *classes, joint *heap.ClassJoint, set []int, groups []heap.JointGroup) Holder {
	h := jointHolder(s, groups[called(s, c, set, groups)])
	h.Kind, h.Address = RetainerCluster, 0
	h.OtherTypes = len(groups) - 1
	h.Objects, h.Retained = 0, 0
	h.Shallow, h.Members, h.Holders = 0, nil, nil
	for _, g := range groups {
		h.Objects += g.Objects
		h.Retained += g.Retained
		h.Members = append(h.Members, g.Nodes...)
	}
	largest := slices.SortedStableFunc(slices.Values(set), func(a, b int) int {
		return cmp.Compare(joint.Classes[b].Retained.Bytes, joint.Classes[a].Retained.Bytes)
	})
	var some []uint32
	for _, k := range largest {
		h.Objects += joint.Classes[k].Retained.Objects
		h.Retained += joint.Classes[k].Retained.Bytes
		h.Holders = append(h.Holders, slices.Min(c.all[k].roots))
		h.Members = append(h.Members, c.all[k].roots...)
		some = append(some, uint32(k))
	}
	slices.Sort(h.Members)
	h.nodes = groups[0].Nodes
	h.Name = fmt.Sprintf("%d × %s", h.Count, h.Type)
	reached, known := joint.Reached(some)
	h.Reached, h.ReachedKnown = reached.Bytes, known
	return h
}

// called is the place of the group by whose type a cluster is called.
func called(s *Snapshot, c *classes, set []int, groups []heap.JointGroup) int {
	for _, as := range []func(g *heap.JointGroup) bool{
		func(g *heap.JointGroup) bool {
			return slices.ContainsFunc(set, func(k int) bool { return c.all[k].count() == uint64(g.Count) })
		},
		func(g *heap.JointGroup) bool { return g.Count == groups[0].Count },
	} {
		for i := range groups {
			if g := &groups[i]; as(g) && calls(s.Heap.Type(g.Most)) {
				return i
			}
		}
	}
	return 0
}

// clusterText says of which objects a cluster is, and who holds these.
func (s *Snapshot) clusterText(h *Holder, short func(string) string) string {
	what := fmt.Sprintf("%s × %s", comma(h.Count), short(h.Type))
	if h.Count == 1 {
		what = short(h.Type)
	}
	var names []string
	for _, root := range h.Holders {
		name, _, _ := strings.Cut(heldByClass(s, root), ", created by ")
		names = append(names, short(name))
	}
	return what + ", held by " + strings.Join(names, " and ")
}

// RuleCluster is the rule for objects that only goroutines and timers of their own hold.
const RuleCluster = "cluster"

func clusterRule() Rule {
	return Rule{
		Name:  RuleCluster,
		Title: "goroutines and what is theirs",
		Doc: "Objects, goroutines and timers that only each other hold, such as connections with a goroutine that reads and one that writes, keep more than a tenth of the live heap together: " +
			"that much would be freed if these goroutines ended.",
		Try:  "Let the goroutines end: close what they read from, cancel their context, stop their timers.",
		find: findClusters,
	}
}

func findClusters(_ context.Context, h *hunt) error {
	for i := range h.holders {
		r := &h.holders[i]
		if r.Kind != RetainerCluster || r.Retained <= h.threshold {
			continue
		}
		h.claimed[i] = true
		f := Suspect{Rule: RuleCluster, Name: r.Type, Type: r.Type, Node: r.Node, Count: r.Count, Retained: r.Retained, Members: r.nodes, holders: r.Holders}
		f.Accumulation = h.s.Accumulation(r.Node)
		f.Sentence = fmt.Sprintf("%s, and nothing else, keep %s alive.", Printable(h.s.clusterText(r, func(s string) string { return s })), h.amount(f.Retained))
		h.found = append(h.found, f)
	}
	return nil
}

// clusterParts says of each class of goroutines that hold a cluster in which states they
// are, then what is in its objects.
func clusterParts(ctx context.Context, s *Snapshot, f *Suspect) ([]string, error) {
	leaks, err := leaked(ctx, s)
	if err != nil {
		return nil, err
	}
	var lines []string
	c := s.rootsByClass()
	for _, root := range f.holders {
		k := &c.all[c.of[root-1]]
		lines = append(lines, stateLines(s, &Suspect{Node: root, Members: k.roots}, leaks)...)
	}
	parts, err := madeOf(ctx, s, f.Members, nil, f.Retained, true)
	if err == nil && len(parts) > 0 {
		lines = append(lines, madeText(parts))
	}
	return lines, err
}
