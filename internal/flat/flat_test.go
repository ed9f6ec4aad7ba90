package flat

import "testing"

func TestMakeIsZeroAndFreed(t *testing.T) {
	for _, n := range []int{0, 1, small/8 - 1, small / 8, 1 << 20} {
		for range 3 { // freed memory must not come back with what was in it
			s := Make[uint64](n)
			if len(s) != n || cap(s) != n {
				t.Fatalf("Make(%d) has length %d and capacity %d", n, len(s), cap(s))
			}
			for i, v := range s {
				if v != 0 {
					t.Fatalf("Make(%d)[%d] is %#x", n, i, v)
				}
				s[i] = ^uint64(0)
			}
			Free(s[:n/2])
		}
	}
	Free[uint32](nil)
}

func TestUntouchedMemoryIsFree(t *testing.T) {
	// 32 GiB, of which one page is touched.
	s := Make[uint32](1 << 33)
	s[1<<32] = 7
	if s[1<<32] != 7 || s[1<<32+1] != 0 {
		t.Error("the array does not hold what was put in")
	}
	Free(s)
}
