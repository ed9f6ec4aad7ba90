package info

import "fmt"

// Entry is a debugging information entry: those attributes that goheap knows.
// An attribute that is absent leaves its field zero; where zero is also a
// value, there is a Has field. Strings and blocks point into the sections.
type Entry struct {
	Off      Offset
	Tag      Tag // 0 ends a list of children
	Children bool

	Name           string
	Type           Offset
	AbstractOrigin Offset
	ByteSize       uint64
	Count          uint64 // DW_AT_count, or DW_AT_upper_bound plus one
	MemberLoc      uint64
	Const          int64
	LowPC, HighPC  uint64 // [LowPC, HighPC)
	Ranges         uint64 // offset in the range section, or index
	Location       []byte // an expression
	FrameBase      []byte // an expression
	LocList        uint64 // offset in the location section, or index
	DeclLine       uint32
	CallLine       uint32
	Inline         uint8

	HasSize, HasConst, HasPC, HasRanges, HasLocation, HasLocList bool
	HasMemberLoc, HasCount                                       bool
	RangesIndex, LocListIndex                                    bool // the number is an index into the unit's offset table
	VarParam                                                     bool
	Declaration                                                  bool

	Lang    uint16
	Package string

	Kind             uint8 // DW_AT_go_kind
	Embedded         bool
	Key, Elem        Offset // DW_AT_go_key, DW_AT_go_elem
	RuntimeType      uint64 // DW_AT_go_runtime_type: offset from moduledata.types
	DictIndex        uint64
	HasDictIndex     bool
	ClosureOffset    uint64
	HasClosureOffset bool

	bases bases // of the unit's own entry
}

// value is one decoded attribute.
type value struct {
	class class
	u     uint64
	b     []byte
	s     string
}

type class uint8

const (
	classNone class = iota
	classAddr
	classAddrx
	classConst // u, sign-extended where the form is signed
	classBlock
	classString
	classRef // u is an offset in .debug_info
	classSecOffset
	classListx
)

// Read reads the entry at off of unit u into e, which it overwrites, and
// returns the offset of the entry after it: its first child if e.Children.
func (d *Data) Read(u *Unit, off Offset, e *Entry) (next Offset, err error) {
	*e = Entry{Off: off}
	if off < u.First || off >= u.End {
		return 0, fmt.Errorf(".debug_info: no entry at offset %#x", off)
	}
	c := Cursor{B: d.s.Info[:u.End], Off: int(off), Big: d.Big}
	code := c.Uleb()
	if code == 0 && !c.Bad {
		return Offset(c.Off), nil
	}
	a := u.abbrevs.get(code)
	if a == nil {
		return 0, fmt.Errorf(".debug_info: entry at offset %#x has the unknown abbreviation %d", off, code)
	}
	e.Tag, e.Children = a.tag, a.children
	var low, high value
	for i := range a.attrs {
		at := &a.attrs[i]
		var v value
		if !d.value(u, &c, at, &v) {
			return 0, fmt.Errorf(".debug_info: entry at offset %#x: attribute %#x of form %#x cannot be read", off, at.attr, at.form)
		}
		switch at.attr {
		case atName:
			e.Name = v.s
		case atType:
			e.Type = ref(v)
		case atAbstractOrigin:
			e.AbstractOrigin = ref(v)
		case atByteSize:
			e.ByteSize, e.HasSize = v.u, v.class == classConst
		case atCount:
			e.Count, e.HasCount = v.u, v.class == classConst
		case atUpperBound:
			if !e.HasCount && v.class == classConst {
				e.Count, e.HasCount = v.u+1, true
			}
		case atDataMemberLoc:
			if v.class == classBlock { // DWARF 2: DW_OP_plus_uconst n
				if b := v.b; len(b) > 1 && b[0] == 0x23 {
					oc := Cursor{B: b, Off: 1}
					v.u = oc.Uleb()
					v.class = classConst
				}
			}
			e.MemberLoc, e.HasMemberLoc = v.u, v.class == classConst
		case atConstValue:
			e.Const, e.HasConst = int64(v.u), v.class == classConst
		case atLowpc:
			low = v
		case atHighpc:
			high = v
		case atRanges:
			e.Ranges, e.HasRanges, e.RangesIndex = v.u, true, v.class == classListx
		case atLocation:
			switch v.class {
			case classBlock:
				e.Location, e.HasLocation = v.b, true
			case classSecOffset, classListx, classConst:
				e.LocList, e.HasLocList, e.LocListIndex = v.u, true, v.class == classListx
			}
		case atFrameBase:
			e.FrameBase = v.b
		case atDeclLine:
			e.DeclLine = uint32(v.u)
		case atCallLine:
			e.CallLine = uint32(v.u)
		case atInline:
			e.Inline = uint8(v.u)
		case atVarParam:
			e.VarParam = v.u != 0
		case atDeclaration:
			e.Declaration = v.u != 0
		case atLanguage:
			e.Lang = uint16(v.u)
		case atStrOffsetsBase:
			e.bases.strOffsetsBase = v.u
		case atAddrBase:
			e.bases.addrBase = v.u
		case atRnglistsBase:
			e.bases.rnglistsBase = v.u
		case atLoclistsBase:
			e.bases.loclistsBase = v.u
		case atGoKind:
			e.Kind = uint8(v.u)
		case atGoKey:
			e.Key = ref(v)
		case atGoElem:
			e.Elem = ref(v)
		case atGoEmbedded:
			e.Embedded = v.u != 0
		case atGoRuntimeType:
			e.RuntimeType = v.u
		case atGoPackageName:
			e.Package = v.s
		case atGoDictIndex:
			e.DictIndex, e.HasDictIndex = v.u, true
		case atGoClosureOff:
			e.ClosureOffset, e.HasClosureOffset = v.u, true
		}
	}
	if low.class != classNone {
		d.setPC(u, e, low, high)
	}
	return Offset(c.Off), nil
}

func ref(v value) Offset {
	if v.class != classRef || v.u > 0xffffffff {
		return 0
	}
	return Offset(v.u)
}

// setPC resolves low and high (DWARF 5, section 2.17.2): a constant high is
// relative to low.
func (d *Data) setPC(u *Unit, e *Entry, low, high value) {
	lo, ok := low.u, true
	if low.class == classAddrx {
		lo, ok = d.Addr(u, low.u)
	}
	if !ok {
		return
	}
	e.LowPC = lo
	hi := high.u
	switch high.class {
	case classConst:
		hi += lo
	case classAddr:
	case classAddrx:
		if hi, ok = d.Addr(u, high.u); !ok {
			return
		}
	default:
		return
	}
	e.HighPC, e.HasPC = hi, hi >= lo
}

func (d *Data) value(u *Unit, c *Cursor, at *attrForm, v *value) bool {
	form := at.form
	if form == formIndirect {
		f := c.Uleb()
		if f == formIndirect || f == formImplicitConst || f > 0xffff {
			return false
		}
		form = uint16(f)
	}
	offSize := 4
	if u.Dwarf64 {
		offSize = 8
	}
	start := uint64(u.Start)
	switch form {
	case formAddr:
		v.class, v.u = classAddr, c.Uint(int(u.AddrSize))
	case formBlock1:
		v.class, v.b = classBlock, c.Bytes(c.Uint(1))
	case formBlock2:
		v.class, v.b = classBlock, c.Bytes(c.Uint(2))
	case formBlock4:
		v.class, v.b = classBlock, c.Bytes(c.Uint(4))
	case formBlock, formExprloc:
		v.class, v.b = classBlock, c.Bytes(c.Uleb())
	case formData1, formFlag:
		v.class, v.u = classConst, c.Uint(1)
	case formData2:
		v.class, v.u = classConst, c.Uint(2)
	case formData4:
		v.class, v.u = classConst, c.Uint(4)
	case formData8:
		v.class, v.u = classConst, c.Uint(8)
	case formData16:
		v.class, v.b = classBlock, c.Bytes(16)
	case formSdata:
		v.class, v.u = classConst, uint64(c.Sleb())
	case formUdata:
		v.class, v.u = classConst, c.Uleb()
	case formImplicitConst:
		v.class, v.u = classConst, uint64(at.implicit)
	case formFlagPresent:
		v.class, v.u = classConst, 1
	case formString:
		v.class, v.s = classString, view(c.String())
	case formStrp:
		v.class, v.s = classString, d.str(d.s.Str, c.Uint(offSize))
	case formLineStrp:
		v.class, v.s = classString, d.str(d.s.LineStr, c.Uint(offSize))
	case formStrx:
		v.class, v.s = classString, d.strx(u, c.Uleb())
	case formStrx1, formStrx2, formStrx3, formStrx4:
		v.class, v.s = classString, d.strx(u, c.Uint(int(form-formStrx1)+1))
	case formStrpSup:
		c.Bytes(uint64(offSize))
	case formRefAddr:
		if u.Version == 2 {
			offSize = int(u.AddrSize)
		}
		v.class, v.u = classRef, c.Uint(offSize)
	case formRef1:
		v.class, v.u = classRef, start+c.Uint(1)
	case formRef2:
		v.class, v.u = classRef, start+c.Uint(2)
	case formRef4:
		v.class, v.u = classRef, start+c.Uint(4)
	case formRef8:
		v.class, v.u = classRef, start+c.Uint(8)
	case formRefUdata:
		v.class, v.u = classRef, start+c.Uleb()
	case formRefSup4:
		c.Bytes(4)
	case formRefSup8, formRefSig8:
		c.Bytes(8)
	case formSecOffset:
		v.class, v.u = classSecOffset, c.Uint(offSize)
	case formAddrx:
		v.class, v.u = classAddrx, c.Uleb()
	case formAddrx1, formAddrx2, formAddrx3, formAddrx4:
		v.class, v.u = classAddrx, c.Uint(int(form-formAddrx1)+1)
	case formLoclistx, formRnglistx:
		v.class, v.u = classListx, c.Uleb()
	default:
		return false
	}
	return !c.Bad
}

// Skip steps over the entry at off and says what it was; a tag of 0 ends a
// list of children.
func (d *Data) Skip(u *Unit, off Offset) (tag Tag, children bool, next Offset, err error) {
	c := Cursor{B: d.s.Info[:u.End], Off: int(off), Big: d.Big}
	code := c.Uleb()
	if code == 0 && !c.Bad {
		return 0, false, Offset(c.Off), nil
	}
	a := u.abbrevs.get(code)
	if a == nil {
		return 0, false, 0, fmt.Errorf(".debug_info: entry at offset %#x has the unknown abbreviation %d", off, code)
	}
	offSize := uint64(4)
	if u.Dwarf64 {
		offSize = 8
	}
	for i := range a.attrs {
		switch a.attrs[i].form {
		case formString:
			c.String()
		case formUdata, formSdata, formRefUdata, formStrx, formAddrx, formLoclistx, formRnglistx:
			c.Uleb()
		case formRefAddr:
			if u.Version == 2 {
				c.Bytes(uint64(u.AddrSize))
			} else {
				c.Bytes(offSize)
			}
		case formSecOffset, formStrp, formLineStrp:
			c.Bytes(offSize)
		case formData1, formFlag, formRef1:
			c.Bytes(1)
		case formData4, formRef4:
			c.Bytes(4)
		case formFlagPresent, formImplicitConst:
		case formBlock1:
			c.Bytes(c.Uint(1))
		case formBlock, formExprloc:
			c.Bytes(c.Uleb())
		default:
			var v value
			if !d.value(u, &c, &a.attrs[i], &v) {
				c.Bad = true
			}
		}
	}
	if c.Bad {
		return 0, false, 0, fmt.Errorf(".debug_info: entry at offset %#x is cut off", off)
	}
	return a.tag, a.children, Offset(c.Off), nil
}

// SkipChildren returns the offset behind the list of children that starts at
// off.
func (d *Data) SkipChildren(u *Unit, off Offset) (Offset, error) {
	for depth := 1; depth > 0; {
		if off >= u.End {
			return u.End, nil
		}
		tag, children, next, err := d.Skip(u, off)
		if err != nil {
			return 0, err
		}
		if tag == 0 {
			depth--
		} else if children {
			depth++
		}
		off = next
	}
	return off, nil
}
