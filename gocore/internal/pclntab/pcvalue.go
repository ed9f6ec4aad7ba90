package pclntab

// value looks pc up in the table of values at off in pctab. It returns the
// value and the first pc that has it; the value is -1 and ok false where there
// is no table or it does not reach pc.
//
// A table is pairs of varints: the zigzag difference of the value and the
// number of instruction units for which the new value holds. Values start from
// -1, addresses from the function's entry; a value difference of zero, other
// than in the first pair, ends the table (runtime/symtab.go, step).
func (f Func) value(off uint32, pc uint64) (v int32, start uint64, ok bool) {
	if off == 0 || uint64(off) >= uint64(len(f.t.pctab)) || pc < f.Entry || pc >= f.End {
		return -1, 0, false
	}
	p := f.t.pctab[off:]
	quantum := uint64(f.t.arch.PCQuantum)
	v = -1
	at := f.Entry
	// Every pair moves by one instruction or more, so that there are no more
	// pairs than instructions. Damaged tables stop here.
	for pairs := (f.End-f.Entry)/quantum + 1; pairs > 0; pairs-- {
		var d, n uint32
		var fits bool
		if d, p, fits = uvarint(p); !fits {
			return -1, 0, false
		}
		if d == 0 && at != f.Entry {
			return -1, 0, false
		}
		v += int32(-(d & 1) ^ (d >> 1))
		if n, p, fits = uvarint(p); !fits {
			return -1, 0, false
		}
		next := at + uint64(n)*quantum
		if pc < next {
			return v, at, true
		}
		at = next
	}
	return -1, 0, false
}

// uvarint reads one unsigned number of at most 32 bits from the front of p and
// returns the rest; bits above are dropped as the runtime drops them.
func uvarint(p []byte) (v uint32, rest []byte, ok bool) {
	for i, b := range p {
		if i == 5 {
			break
		}
		v |= uint32(b&0x7f) << (7 * i)
		if b < 0x80 {
			return v, p[i+1:], true
		}
	}
	return 0, nil, false
}
