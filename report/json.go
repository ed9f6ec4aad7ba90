package report

import (
	"encoding/json"
	"fmt"
	"strconv"

	"goheap/heap"
)

// Address is printed as "0x…" in JSON, as null when it is 0: nothing stands at
// address 0.
type Address uint64

func (a Address) MarshalJSON() ([]byte, error) {
	if a == 0 {
		return []byte("null"), nil
	}
	return fmt.Appendf(nil, `"0x%x"`, uint64(a)), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Address) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil || text == nil {
		*a = 0
		return err
	}
	n, err := strconv.ParseUint(*text, 0, 64)
	if err != nil {
		return fmt.Errorf("%q is no address", Printable(*text))
	}
	*a = Address(n)
	return nil
}

// Optional is a text that is null in JSON when it is empty. What it holds is
// escaped as for people, since JSON ends on terminals too.
type Optional string

func (o Optional) MarshalJSON() ([]byte, error) {
	if o == "" {
		return []byte("null"), nil
	}
	return quoteJSON(Printable(string(o))), nil
}

// Escaped is a text that is escaped as for people.
type Escaped string

func (e Escaped) MarshalJSON() ([]byte, error) { return quoteJSON(Printable(string(e))), nil }

// quoteJSON quotes s, which must be printable.
func quoteJSON(s string) []byte {
	out := make([]byte, 0, len(s)+2)
	out = append(out, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			out = append(out, '\\')
		}
		out = append(out, s[i])
	}
	return append(out, '"')
}

// Percentage is millionths, printed as percent with one digit.
type Percentage uint64

func (p Percentage) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(p)/1e4, 'f', 1, 64), nil
}

// NodeDocument is how a node is printed wherever one is named.
type NodeDocument struct {
	Kind         Escaped  `json:"kind"`
	Name         Optional `json:"name"`
	Address      Address  `json:"address"`       // of the slot of an object
	ValueAddress Address  `json:"value_address"` // where its value begins
	Type         Optional `json:"type"`
}

func describeNode(s *Snapshot, n heap.Node) NodeDocument {
	p := s.Heap
	return NodeDocument{Escaped(p.KindOf(n).String()), Optional(p.Name(n)), Address(p.Addr(n)), Address(p.ValueAddr(n)), Optional(p.Type(n))}
}

// valueAddress is that of the value of an object, 0 where the address is.
func valueAddress(s *Snapshot, n heap.Node, address uint64) Address {
	if address == 0 {
		return 0
	}
	return Address(s.Heap.ValueAddr(n))
}
