package gocore

// eachStackWords calls f with the words of each stack that the collector follows
// exactly, by their addresses, in ascending order.
func (p *stacks) eachStackWords(f func(addrs []uint64)) {
	var addrs []uint64
	for i := range p.im.Goroutines {
		_, slots := p.walkSlots(i)
		addrs = addrs[:0]
		for _, s := range slots {
			if !s.Conservative {
				addrs = append(addrs, s.Addr)
			}
		}
		f(addrs)
	}
}
