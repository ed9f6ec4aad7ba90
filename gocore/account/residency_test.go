package account_test

import (
	"reflect"
	"strings"
	"testing"

	"goheap/gocore/account"
)

const smaps = `00400000-00402000 r-xp 00000000 fe:00 1003  /srv/bin/my server
Size:                  8 kB
Rss:                   4 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd ex mr mw me sd
01000000-01004000 rw-p 00000000 00:00 0     [heap]
Rss:                  16 kB
Anonymous:            16 kB
Swap:                  0 kB
c000000000-c000008000 rw-p 00000000 00:00 0
Rss:                  20 kB
Anonymous:            20 kB
Swap:                  8 kB
AnonHugePages:         4 kB
c000008000-c000010000 ---p 00000000 00:00 0
Rss:                   0 kB
7ff000000000-7ff000002000 rw-p 00000000 00:00 0     [stack]
Rss:                   8 kB
Anonymous:             8 kB
`

func TestRead(t *testing.T) {
	for _, test := range []struct {
		text string
		want account.Residency
	}{
		{smaps, account.Residency{Sources: []string{"smaps"}, RSS: 48 << 10, Anon: 44 << 10, Swap: 8 << 10, Huge: 4 << 10, Mappings: []account.Mapped{
			{Start: 0x400000, End: 0x402000, Access: "r-xp", Path: "/srv/bin/my server", Resident: 4 << 10},
			{Start: 0x1000000, End: 0x1004000, Access: "rw-p", Path: "[heap]", Resident: 16 << 10},
			{Start: 0xc000000000, End: 0xc000008000, Access: "rw-p", Resident: 20 << 10, Swapped: 8 << 10},
			{Start: 0xc000008000, End: 0xc000010000, Access: "---p"},
			{Start: 0x7ff000000000, End: 0x7ff000002000, Access: "rw-p", Path: "[stack]", Resident: 8 << 10},
		}}},
		{"00400000-7ffd6b8a1000 ---p 00000000 00:00 0   [rollup]\nRss:   105472 kB\nAnonymous:   100 kB\nSwap:  3 kB\n",
			account.Residency{Sources: []string{"smaps_rollup"}, RSS: 105472 << 10, Anon: 100 << 10, Swap: 3 << 10}},
		{"Name:\tserver\nVmHWM:\t 300 kB\nVmRSS:\t 200 kB\nRssAnon:\t 150 kB\nRssFile:\t 50 kB\nRssShmem:\t 0 kB\nVmSwap:\t 1 kB\nThreads:\t7\n",
			account.Residency{Sources: []string{"status"}, RSS: 200 << 10, Anon: 150 << 10, File: 50 << 10, Swap: 1 << 10, Peak: 300 << 10}},
		{"1234567\n", account.Residency{Sources: []string{"memory.current"}, Cgroup: 1234567}},
	} {
		var got account.Residency
		if err := got.Read([]byte(test.text)); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%.40q: %+v, %v\nwant %+v", test.text, got, err, test.want)
		}
	}
	for _, text := range []string{"", "hello\n", "\x7fELF\x02", "00400000-00402000 r-xp 0 fe:00 1\nzz-yy rw-p 0 0 0\n", "2000-3000 rw-p 0 0 0\n1000-2000 rw-p 0 0 0\n"} {
		if err := new(account.Residency).Read([]byte(text)); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

// What is resident of the regions is what is resident of the mappings, however the two
// are cut.
func TestShare(t *testing.T) {
	r := &account.Residency{}
	if err := r.Read([]byte(smaps)); err != nil {
		t.Fatal(err)
	}
	a := &account.Account{Regions: []account.Region{
		{Start: 0x3ff000, End: 0x401000, Kind: account.Executable},
		{Start: 0xc000000000, End: 0xc000002000, Kind: account.GoTables},
		{Start: 0xc000002000, End: 0xc00000c000, Kind: account.GoHeap},
	}}
	a.Divide(r)
	for i := range a.Regions {
		if a.Regions[i].Start == 0xc000002000 {
			a.Regions[i].Content, a.Regions[i].Counted = 16<<10, true
		}
	}
	a.Share()
	var got []account.Region
	for _, r := range a.Regions {
		r.Content, r.Counted = 0, false
		got = append(got, r)
	}
	want := []account.Region{
		{Start: 0x3ff000, End: 0x400000, Kind: account.Executable},
		{Start: 0x400000, End: 0x401000, Kind: account.Executable, Resident: 4 << 10},
		{Start: 0x401000, End: 0x402000, Kind: account.Library, Name: "/srv/bin/my server"},
		{Start: 0x1000000, End: 0x1004000, Kind: account.CHeap, Resident: 16 << 10},
		{Start: 0xc000000000, End: 0xc000002000, Kind: account.GoTables, Resident: 4 << 10, Swapped: 4 << 10},
		{Start: 0xc000002000, End: 0xc000008000, Kind: account.GoHeap, Resident: 16 << 10, Swapped: 4 << 10},
		{Start: 0xc000008000, End: 0xc00000c000, Kind: account.GoHeap},
		{Start: 0x7ff000000000, End: 0x7ff000002000, Kind: account.ThreadStack, Resident: 8 << 10},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// Whatever a file says, regions stay apart, hold no more than they have room for, and add
// up to what the mappings have.
func FuzzShare(f *testing.F) {
	f.Add([]byte(smaps), uint64(0x3ff000), uint64(0x401000), uint64(0xc000002000), uint64(0xc00000c000))
	f.Fuzz(func(t *testing.T, text []byte, a, b, c, d uint64) {
		r := &account.Residency{}
		if r.Read(text) != nil || len(r.Mappings) == 0 || !(a < b && b <= c && c < d) {
			return
		}
		acc := &account.Account{Regions: []account.Region{{Start: a, End: b, Kind: account.GoHeap}, {Start: c, End: d, Kind: account.Anonymous}}}
		acc.Divide(r)
		for i := range acc.Regions {
			acc.Regions[i].Content = acc.Regions[i].Size() / 3
		}
		acc.Share()
		var resident uint64
		for i := range acc.Regions {
			x := &acc.Regions[i]
			resident += x.Resident
			if x.Start >= x.End || i > 0 && acc.Regions[i-1].End > x.Start || x.Resident > x.Size() {
				t.Fatalf("%+v", acc.Regions)
			}
		}
		if !strings.Contains(string(text), "[") && resident != r.RSS {
			t.Fatalf("%d resident, want %d: %+v", resident, r.RSS, acc.Regions)
		}
	})
}
