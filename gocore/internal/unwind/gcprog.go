package unwind

// maxProgram bounds the length of a program that is believed: one byte of
// program per byte of mask is more than the compiler writes.
const maxProgram = 1 << 20

// runProgram runs the program at addr, which follows its length in four bytes,
// for n bits of mask; bits that it does not write are zero.
//
// A program is a list of instructions (cmd/internal/gcprog, Go 1.5 to 1.23):
//
//	00000000         end
//	0nnnnnnn         the next n bits follow, in (n+7)/8 bytes
//	1nnnnnnn c       repeat the previous n bits c times
//	10000000 n c     the same for large n; n and c are varints
func (w *Walker) runProgram(addr, n uint64) (mask []byte, ok bool) {
	head, ok := w.mem.Slice(addr, 4)
	if !ok {
		return nil, false
	}
	size := uint64(w.arch.Order().Uint32(head))
	if size > maxProgram || n > maxStack/w.ptr {
		return nil, false
	}
	p, ok := w.mem.Slice(addr+4, size)
	if !ok {
		return nil, false
	}
	mask = make([]byte, (n+7)/8)
	at := uint64(0) // bits written
	put := func(bit byte) {
		mask[at/8] |= bit << (at % 8)
		at++
	}
	varint := func() (v uint64, ok bool) {
		for i, b := range p {
			if i == 9 {
				break
			}
			v |= uint64(b&0x7f) << (7 * i)
			if b < 0x80 {
				p = p[i+1:]
				return v, true
			}
		}
		return 0, false
	}
	for at < n {
		if len(p) == 0 {
			return nil, false
		}
		op := p[0]
		p = p[1:]
		if op == 0 {
			return mask, true
		}
		if op < 0x80 {
			if len(p) < (int(op)+7)/8 {
				return nil, false
			}
			for i := 0; i < int(op) && at < n; i++ {
				put(p[i/8] >> (i % 8) & 1)
			}
			p = p[(int(op)+7)/8:]
			continue
		}
		back := uint64(op & 0x7f)
		if back == 0 {
			if back, ok = varint(); !ok {
				return nil, false
			}
		}
		count, ok := varint()
		if !ok || back == 0 || back > at {
			return nil, false
		}
		for left := count; left > 0 && at < n; left-- {
			for i := uint64(0); i < back && at < n; i++ {
				q := at - back
				put(mask[q/8] >> (q % 8) & 1)
			}
		}
	}
	return mask, true
}
