package library

import (
	"fmt"
	"math/bits"
	"net/netip"
	"strings"

	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/types"
)

// ipText reads a net.IP as net.IP.String does; "" is an empty one.
func (p *Reader) ipText(typ *types.Type, addr uint64) (string, bool) {
	b, ok := p.readBytes(typ, addr, 16)
	if !ok || len(b) == 0 {
		return "", ok
	}
	ip, ok := netip.AddrFromSlice(b)
	return ip.Unmap().String(), ok
}

func (p *Reader) ipNetText(typ *types.Type, addr uint64) (string, bool) {
	ip, ok1 := p.bytesPart(typ, addr, 16, p.library().IPNet.IP)
	mask, ok2 := p.bytesPart(typ, addr, 16, p.library().IPNet.Mask)
	if !ok1 || !ok2 || len(ip) != len(mask) {
		return "", false
	}
	a, ok := netip.AddrFromSlice(ip)
	ones := 0
	for i, b := range mask {
		n := bits.LeadingZeros8(^b)
		if b<<n != 0 || n > 0 && ones != 8*i {
			return "", false // not a prefix
		}
		ones += n
	}
	return fmt.Sprintf("%s/%d", a, ones), ok && !a.Is4In6()
}

// netAddr formats the addresses of package net as their String methods do.
func (p *Reader) netAddr(typ *types.Type, addr uint64) (string, bool) {
	if typ.Name == "net.UnixAddr" {
		return p.stringPart(typ, addr, p.library().UnixAddr.Path)
	}
	l := &p.library().TCPAddr // the others have the same fields
	part, at, ok1 := p.Part(typ, addr, l.IP)
	zone, ok2 := p.stringPart(typ, addr, l.Zone)
	if !ok1 || !ok2 {
		return "", false
	}
	ip, ok := p.ipText(part, at)
	if !ok {
		return "", false
	}
	if zone != "" {
		ip += "%" + zone
	}
	switch typ.Name {
	case "net.IPAddr":
		return ip, true
	case "net.TCPAddr", "net.UDPAddr":
		port, ok := p.uintPart(typ, addr, types.Int, l.Port)
		if strings.Contains(ip, ":") {
			ip = "[" + ip + "]"
		}
		return fmt.Sprintf("%s:%d", ip, int64(port)), ok
	}
	return "", false
}

// netipText formats the types of package net/netip as their String methods do.
func (p *Reader) netipText(typ *types.Type, addr uint64) (string, bool) {
	l := p.library()
	switch typ.Name {
	case "net/netip.AddrPort":
		a, ok1 := p.netipPart(typ, addr, l.AddrPort.IP)
		port, ok2 := p.uintPart(typ, addr, types.Uint16, l.AddrPort.Port)
		return netip.AddrPortFrom(a, uint16(port)).String(), ok1 && ok2
	case "net/netip.Prefix":
		a, ok1 := p.netipPart(typ, addr, l.Prefix.IP)
		n, ok2 := p.uintPart(typ, addr, types.Uint8, l.Prefix.BitsPlusOne)
		if bits, ok := p.uintPart(typ, addr, types.Int16, l.Prefix.Bits); ok {
			n, ok2 = uint64(uint16(bits+1)), true // -1 is invalid
		}
		if !a.IsValid() || n == 0 {
			return "invalid Prefix", ok1 && ok2
		}
		return fmt.Sprintf("%s/%d", a, n-1), ok1 && ok2 && int(n-1) <= a.BitLen()
	}
	a, ok := p.netipAddr(typ, addr)
	return a.String(), ok
}

// netipPart reads a field that is a netip.Addr.
func (p *Reader) netipPart(typ *types.Type, addr uint64, f layout.Field) (netip.Addr, bool) {
	part, at, ok := p.Part(typ, addr, f)
	if !ok {
		return netip.Addr{}, false
	}
	return p.netipAddr(part, at)
}

// netipAddr reads a netip.Addr: two halves of a 128-bit number, and a handle to
// which kind of address it is, with the zone (net/netip/netip.go, Go 1.23).
func (p *Reader) netipAddr(typ *types.Type, addr uint64) (a netip.Addr, ok bool) {
	l := p.library()
	hi, ok1 := p.uintPart(typ, addr, types.Uint64, l.NetipAddr.Hi)
	lo, ok2 := p.uintPart(typ, addr, types.Uint64, l.NetipAddr.Lo)
	if !ok1 || !ok2 {
		return a, false
	}
	v6, zone, known := uint64(0), "", false
	z, at, ok := p.Part(typ, addr, l.NetipAddr.Z)
	if !ok || z.Kind != types.Pointer {
		if z, at, ok = p.Part(typ, addr, l.NetipAddr.OlderZ); !ok || z.Kind != types.Pointer {
			return a, false
		}
		v6, zone, known = p.olderZone(at)
	}
	to, ok := p.Mem.Word(at)
	if to == 0 {
		return a, ok // the zero Addr
	}
	if !known {
		detail := p.Types.Type(z.Elem)
		v6, ok1 = p.uintPart(detail, to, types.Bool, l.NetipDetail.IsV6)
		zone, ok2 = p.stringPart(detail, to, l.NetipDetail.ZoneV6)
	}
	if !ok1 || !ok2 || v6 > 1 {
		return a, false
	}
	if v6 == 0 {
		return netip.AddrFrom4([4]byte{byte(lo >> 24), byte(lo >> 16), byte(lo >> 8), byte(lo)}), hi == 0 && lo>>32 == 0xffff
	}
	var b [16]byte
	for i := range 8 {
		b[i], b[8+i] = byte(hi>>(56-8*i)), byte(lo>>(56-8*i))
	}
	return netip.AddrFrom16(b).WithZone(zone), true
}

// olderZone reads, where the pointer at addr leads, the kind and the zone of an address:
// net/netip.z4 and z6noz stand for those without one, others have it interned
// (net/netip/netip.go, internal/intern/intern.go, Go 1.22).
func (p *Reader) olderZone(addr uint64) (v6 uint64, zone string, ok bool) {
	to, ok := p.Mem.Word(addr)
	if to == 0 || !ok {
		return 0, "", false
	}
	for v6, name := range []string{"net/netip.z4", "net/netip.z6noz"} {
		if _, at, ok := p.Global(name); ok {
			if is, ok := p.Mem.Word(at); ok && is == to {
				return uint64(v6), "", true
			}
		}
	}
	id, _ := p.Types.Lookup(string(p.library().InternValue.Name))
	part, at, ok := p.Part(p.Types.Type(id), to, p.library().InternValue.CmpVal)
	if !ok || part.Kind != types.Interface {
		return 0, "", false
	}
	dyn, at, ok := p.Dynamic(part, at)
	if !ok || p.Types.Type(dyn).Kind != types.String {
		return 0, "", false
	}
	zone, ok = p.String(at, maxString)
	return 1, zone, ok
}
