package report

import (
	"bufio"
	"encoding/json"
	"io"
	"strconv"
)

// WriteRows writes a table as a JSON array with one object a row, in lines of
// their own, whose keys are the columns' names: bytes and counts as integers,
// shares in percent, addresses as "0x…", null where nothing is known.
func WriteRows(w io.Writer, t *Table) error {
	out := bufio.NewWriter(w)
	out.WriteString("[")
	for row := range t.Len() {
		if row > 0 {
			out.WriteString(",")
		}
		out.WriteString("\n{")
		for col, c := range t.Columns {
			if col > 0 {
				out.WriteString(", ")
			}
			out.WriteString(strconv.Quote(c.Name) + ": ")
			cell := t.Cell(row, col)
			text := c.machine(cell)
			switch {
			case cell.Unknown:
				text = "null"
			case c.Kind == Text || c.Kind == Addr:
				quoted, err := json.Marshal(text)
				if err != nil {
					return err
				}
				text = string(quoted)
			}
			out.WriteString(text)
		}
		out.WriteString("}")
	}
	out.WriteString("\n]\n")
	return out.Flush()
}
