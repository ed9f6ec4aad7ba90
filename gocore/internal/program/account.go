package program

import (
	"bytes"
	"context"

	"goheap/dump"
	"goheap/gocore/account"
)

// AccountOf completes the account with what is alive, a bit for each node, and with what
// the kernel said of the process; nil where nobody kept that. Where nothing is to be
// counted it takes no longer than to look at the spans.
func (d *Program) AccountOf(ctx context.Context, live []uint64, kept *account.Residency, count bool) (account.Account, error) {
	a := account.Account{}
	if d.Account != nil {
		a = *d.Account
		a.Regions = append([]account.Region(nil), a.Regions...)
	}
	a.Classes = d.Image.Classes(live)
	if d.Account != nil {
		a.Defers, a.Sudogs = spareRecords(d, live)
	}
	if kept != nil {
		a.Divide(kept)
	}
	if !count {
		return a, nil
	}
	present := d.Image.Mem.Ranges()
	for i := range a.Regions {
		r := &a.Regions[i]
		for len(present) > 0 && present[0].End <= r.Start {
			present = present[1:]
		}
		if err := countContent(ctx, d, r, present); err != nil {
			return a, err
		}
	}
	a.Share()
	return a, nil
}

// countContent counts the pages of a region that are not all zeros, of those that are
// present. Files are left out: what they contain does not tell what was resident.
func countContent(ctx context.Context, d *Program, r *account.Region, present []dump.Range) error {
	if r.Kind == account.File || r.Kind == account.Library || r.Kind == account.Executable {
		return nil
	}
	const page = 4 << 10
	var zeros [page]byte
	r.Counted = true
	pages := 0
	for i := range present {
		at, end := max(r.Start, present[i].Start), min(r.End, present[i].End)
		if at >= r.End {
			break
		}
		for at < end {
			if err := Look(ctx, pages); err != nil {
				return err
			}
			pages++
			start, data := d.Image.Mem.Segment(at)
			if data == nil {
				break
			}
			n := min(page-at%page, end-at, start+uint64(len(data))-at)
			if !bytes.Equal(data[at-start:][:n], zeros[:n]) {
				r.Content += n
			}
			at += n
		}
	}
	return nil
}
