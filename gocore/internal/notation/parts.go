package notation

// Part is what one node of a chain has of the links that lead to it.
type Part struct {
	Text string
	Key  bool // a link has the key of a map
	Fits bool // a link begins at a type of which no more is known than that it fits
}

// HasKey reports whether a link has the key of a map.
func (l *Link) HasKey() bool { return l.KeyAt < l.KeyEnd }

// Fits reports whether a link begins at a type of which no more is known than that no other
// fits.
func (l *Link) Fits() bool { return l.Out == arrow+Fitting }

// Parts divides links among n nodes: the last link belongs to the last node, each other one to
// that of the link before it, or to the next node where leadsTo says of the link with the number
// k, which is not the first, that it leads to the node at that place.
func Parts(links []Link, n int, leadsTo func(k, place int) bool) []Part {
	parts := make([]Part, n)
	at, own := 0, NewExpression("")
	for k := range links {
		next := at
		switch {
		case k == len(links)-1:
			next = n - 1
		case k > 0 && at < n-1 && leadsTo(k, at+1):
			next++
		}
		if next > at {
			parts[at].Text, own = own.String(), NewExpression("")
			at = next
		}
		s := &links[k]
		parts[at].Key, parts[at].Fits = parts[at].Key || s.HasKey(), parts[at].Fits || s.Fits()
		own.Add(*s, s.Suffix)
	}
	parts[at].Text = own.String()
	return parts
}
