package heap

// Lists: nodes of one type, each pointing to the next, directly or by way of a few
// nodes of other types, which then come back in the same order with each of them.

const (
	// maxPeriod is how many nodes there may be from an element of a list to the next.
	maxPeriod = 4
	// listFrom is how many elements there must be in front of a node for it to be part
	// of a list.
	listFrom = 4
	// stem is how many elements a list has at least whose last one leads to several: fewer
	// are how a tree begins.
	stem = 64
)

// List returns the list that n is part of, at least four elements behind its first:
// that element, and how many elements there are behind one another, the last one too
// where others point at it as well; length 0 where n is not part of a list, and where a
// few elements lead to one from which several ways go on: a tree. Elements are the nodes of the head's type. Those up to n are dominated by the one before;
// none stands above top, which dominates n. An element has no other pointer to the
// type that follows, except back to the one before. types has the types of nodes,
// 0 for unknown.
//
// The cost is that of looking at the list's pointers.
func (d *Dominators) List(n, top Node, types []TypeID) (head Node, length int) {
	if d.of(n) == 0 || n == SuperRoot || types[n] == 0 {
		return None, 0
	}
	chain := []Node{n} // n, and who dominates it
	climb := func(m Node) Node {
		if m == top || m == SuperRoot {
			return None
		}
		up := d.Idom(m)
		if up == SuperRoot || up == None || types[up] == 0 || d.follow(up, d.Idom(up), types[m], types) == None {
			return None
		}
		return up
	}
	for len(chain) <= maxPeriod*listFrom {
		up := climb(chain[len(chain)-1])
		if up == None {
			break
		}
		chain = append(chain, up)
	}
	period := 0
	for p := 1; p <= maxPeriod && period == 0; p++ {
		same := len(chain) > p*listFrom
		for i := 0; same && i+p <= p*listFrom; i++ {
			same = types[chain[i]] == types[chain[i+p]]
		}
		if same {
			period = p
		}
	}
	if period == 0 {
		return None, 0
	}
	// cycle has the types from an element on to the next, back to front.
	cycle := make([]TypeID, period)
	for i := range cycle {
		cycle[i] = types[chain[i]]
	}
	head, at := n, 0
	for {
		up := climb(head)
		if up == None || types[up] != cycle[(at+1)%period] {
			break
		}
		head, at = up, at+1
	}
	at %= period
	// With the pointers, from the first one on: Brent's search for a circle.
	length = 1
	before, m, mark, steps, power := d.Idom(head), head, head, 0, 1
	for {
		at = (at + period - 1) % period
		next := d.follow(m, before, cycle[at], types)
		if next == None && length < stem && d.parts(m, before, cycle[at], types) {
			return None, 0
		}
		if next == None || next == head || next == mark {
			return head, length
		}
		if types[next] == types[head] {
			length++
		}
		if steps++; steps == power {
			mark, power, steps = next, 2*power, 0
		}
		before, m = m, next
	}
}

// follow returns the only target of n that has the given type and is neither n nor
// before, None where there is none, or several.
func (d *Dominators) follow(n, before Node, typ TypeID, types []TypeID) Node {
	only, several := d.next(n, before, typ, types)
	if several {
		return None
	}
	return only
}

// parts reports whether there are several such targets, which n dominates.
func (d *Dominators) parts(n, before Node, typ TypeID, types []TypeID) bool {
	first, several := d.next(n, before, typ, types)
	return several && d.Idom(first) == n
}

func (d *Dominators) next(n, before Node, typ TypeID, types []TypeID) (first Node, several bool) {
	first = None
	for _, t := range d.g.Targets(n) {
		if t == n || t == before || t == first || types[t] != typ {
			continue
		}
		if first != None {
			return first, true
		}
		first = t
	}
	return first, false
}
