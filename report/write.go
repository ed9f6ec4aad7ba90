package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// WriteJSON writes a document indented by two spaces, and a final newline.
func WriteJSON(w io.Writer, document any) error {
	buffered := bufio.NewWriter(w)
	e := json.NewEncoder(buffered)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document); err != nil {
		return err
	}
	return buffered.Flush()
}

// WriteCSV writes a table as RFC 4180 has it, with a header of the columns'
// names: bytes and counts as integers, shares in percent, addresses as 0x…,
// nothing where nothing is known. Texts that a spreadsheet would compute are
// quoted with a ' before them.
func WriteCSV(w io.Writer, t *Table) error {
	out := csv.NewWriter(w)
	record := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		record[i] = c.Name
	}
	if err := out.Write(record); err != nil {
		return err
	}
	for row := range t.Len() {
		for col, c := range t.Columns {
			record[col] = c.machine(t.Cell(row, col))
			if c.Kind == Text {
				record[col] = noFormula(record[col])
			}
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// noFormula keeps spreadsheets from computing a text: what a program had in its
// memory may be chosen by whom it served. They take a cell for a formula that starts
// with one of these characters, after blanks in some, and where lists are separated
// by semicolons (as Excel has it in much of Europe) each piece between them for a
// cell (OWASP, "CSV Injection"). A number is none. s is Printable, so that no cell
// starts with a tab or a carriage return.
func noFormula(s string) string {
	if !strings.ContainsAny(s, formulaStart) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil && !strings.ContainsAny(s, "xXpP_nN") {
		return s
	}
	pieces := strings.Split(s, ";")
	for i, p := range pieces {
		if rest := strings.TrimLeft(p, " \"\u00a0"); rest != "" && strings.ContainsRune(formulaStart, firstRune(rest)) {
			pieces[i] = "'" + p
		}
	}
	return strings.Join(pieces, ";")
}

// formulaStart are the characters that formulas start with, in full width too,
// as East Asian editions know them.
const formulaStart = "=+-@＝＋－＠"

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// machine prints a cell for programs, escaped all the same.
func (c Column) machine(cell Cell) string {
	switch {
	case cell.Unknown:
		return ""
	case c.Kind == Percent:
		return strconv.FormatFloat(float64(cell.Num)/1e4, 'f', 4, 64)
	case c.Kind == Addr:
		return fmt.Sprintf("0x%x", cell.Num)
	case c.Kind == Text:
		return Printable(cell.Text)
	default:
		return strconv.FormatUint(cell.Num, 10)
	}
}

// WriteText writes a table with aligned columns and a header; where Head has cut
// it, a last line says how much is missing.
func WriteText(w io.Writer, t *Table) error {
	p := &printer{w: bufio.NewWriter(w)} // of no bound
	p.table(t, "")
	return p.w.Flush()
}

// line writes a formatted line, and where it is too wide the rest of it below; what comes
// from the dump must be Printable.
func (p *printer) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if p.width <= 0 || len(text) <= p.width || uniseg.StringWidth(text) <= p.width {
		p.w.WriteString(text)
		p.w.WriteByte('\n')
		return
	}
	const most = 2 // no more than half of the width
	hang := len(text) - len(strings.TrimLeft(text, " ")) + 2
	for _, line := range folded(text, p.width, strings.Repeat(" ", min(hang, p.width/most))) {
		p.w.WriteString(line)
		p.w.WriteByte('\n')
	}
}

func (p *printer) table(t *Table, indent string) {
	rows := make([][]string, 0, t.Len()+1)
	header := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		header[i] = c.Title
	}
	rows = append(rows, header)
	for row := range t.Len() {
		cells := make([]string, len(t.Columns))
		for col, c := range t.Columns {
			cells[col] = c.Human(t.Cell(row, col))
		}
		rows = append(rows, cells)
	}
	how := make([]fit, len(t.Columns))
	for i, c := range t.Columns {
		how[i] = fit{right: c.Right, priority: c.Priority, min: c.MinWidth, fold: c.Fold}
		if c.Kind != Text && !c.Right {
			how[i].min = math.MaxInt // an address is one only as a whole
		}
	}
	p.columns(rows, how, indent)
	if more := t.Total() - t.Len(); more > 0 {
		p.line("%s… %s more", indent, comma(uint64(more)))
	}
}

// rows writes cells in columns, the last of which goes on in more lines where it is a
// text that has no room.
func (p *printer) rows(rows [][]string, right []bool, indent string) {
	n := 0
	for _, cells := range rows {
		n = max(n, len(cells))
	}
	how := make([]fit, n)
	for i := range how {
		how[i].right = i < len(right) && right[i]
	}
	if n > 0 && !how[n-1].right {
		how[n-1].fold = true
	}
	p.columns(rows, how, indent)
}
