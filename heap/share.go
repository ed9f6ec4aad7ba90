package heap

// Reached returns what some classes, taken together, lead to. It is not known where one of
// them is not told apart; then ok is false.
func (j *ClassJoint) Reached(classes []uint32) (t Total, ok bool) {
	var mask uint64
	alone := map[uint32]bool{}
	for _, k := range classes {
		if !j.Classes[k].Told {
			return Total{}, false
		}
		alone[k] = true
	}
	for i, k := range j.told {
		if alone[k] {
			mask |= 1 << i
			delete(alone, k)
		}
	}
	t = reachedBy(j.reach, mask)
	for k := range alone { // what shares nothing with others reaches what it retains
		t.Objects += j.Classes[k].Retained.Objects
		t.Bytes += j.Classes[k].Retained.Bytes
	}
	return t, true
}

// Shares splits the live heap evenly: each class has what it retains, and of what several
// classes hold together an equal part; what is left over when bytes are divided goes to the
// class with the lowest root. Rest is the part of the classes that are not told apart, all
// of which count as one holder where they hold something together with others. Shares and
// rest add up to the live heap.
func (j *ClassJoint) Shares() (shares []uint64, rest uint64) {
	shares = make([]uint64, len(j.Classes))
	for k := range j.Classes {
		shares[k] = j.Classes[k].Retained.Bytes
	}
	class := map[Node]int{}
	for k, root := range j.first {
		if root != SuperRoot {
			class[root] = k
		}
	}
	// What the same classes hold is split as one, whatever its types are.
	type set struct {
		holders []Node
		more    bool
		bytes   uint64
	}
	var sets []set
	place := map[[2]uint64]int{}
	for _, g := range j.Groups {
		key := [2]uint64{j.maskOf(g.Holders, class), 0}
		if g.MoreHolders {
			key[1] = 1
		}
		at, seen := place[key]
		if !seen {
			at = len(sets)
			place[key] = at
			sets = append(sets, set{holders: g.Holders, more: g.MoreHolders})
		}
		sets[at].bytes += g.Retained
	}
	for _, s := range sets {
		n := uint64(len(s.holders))
		if s.more {
			n++
		}
		if n == 0 {
			continue // no class holds it: there is no such group
		}
		part, over := s.bytes/n, s.bytes%n
		for _, root := range s.holders {
			shares[class[root]] += part
		}
		if s.more {
			rest += part
		}
		if len(s.holders) > 0 {
			shares[class[s.holders[0]]] += over
		} else {
			rest += over
		}
	}
	return shares, rest
}

// maskOf is the set of classes whose lowest roots are given, by their places in told.
func (j *ClassJoint) maskOf(roots []Node, class map[Node]int) (mask uint64) {
	for _, root := range roots {
		for i, k := range j.told {
			if int(k) == class[root] {
				mask |= 1 << i
			}
		}
	}
	return mask
}
