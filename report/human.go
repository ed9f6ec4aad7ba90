package report

import (
	"fmt"

	"github.com/dustin/go-humanize"
)

// HumanBytes prints a number of bytes with three digits: "85.3 MiB".
func HumanBytes(n uint64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	return humanize.IBytesN(n, 3)
}

// HumanPercent prints millionths: "91.7 %".
func HumanPercent(millionths uint64) string {
	switch {
	case millionths == 0:
		return "0 %"
	case millionths < 500:
		return "<0.1 %"
	}
	return fmt.Sprintf("%.1f %%", float64(millionths)/1e4)
}

// comma prints a number with thousands separated: "50,000".
func comma(n uint64) string {
	const most = 1<<63 - 1
	if n > most {
		return fmt.Sprint(n)
	}
	return humanize.Comma(int64(n))
}

// Human prints a cell for people: escaped, with units, "-" where nothing is
// known.
func (c Column) Human(cell Cell) string {
	if cell.Unknown {
		return "-"
	}
	atLeast := ""
	if c.AtLeast {
		atLeast = "≥ "
	}
	switch c.Kind {
	case Bytes:
		return atLeast + HumanBytes(cell.Num)
	case Count:
		return atLeast + comma(cell.Num)
	case Percent:
		return HumanPercent(cell.Num)
	case Addr:
		return fmt.Sprintf("0x%x", cell.Num)
	default:
		return Printable(cell.Text)
	}
}
