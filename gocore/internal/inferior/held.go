package inferior

import "goheap/gocore/internal/types"

// maxCounted is how far a container without a count is counted.
const maxCounted = 10_000

// Holds reports whether values of type t are containers of the library: a sync.Map or a
// sequence.
func Holds(s *Space, t types.ID) bool {
	typ := s.Types.Type(t)
	return typ.Kind == types.Struct && (s.IsSequence(typ) || s.IsSyncMap(t))
}

// Held returns how many entries or items a container of the library has; more says that
// there are at least as many. ok is false for what is none, or not sound.
func Held(s *Space, t types.ID, addr uint64) (n uint64, more, ok bool) {
	typ := s.Types.Type(t)
	switch {
	case !Holds(s, t) || typ.Size > 0 && !s.present(addr):
		return 0, false, false
	case s.IsSequence(typ):
		if n, ok, is := s.ListLen(typ, addr); is {
			return n, false, ok
		}
		s.Items(typ, addr, func(types.ID, uint64) bool { n++; return n <= maxCounted })
	default:
		s.Entries(t, addr, func(Entry) bool { n++; return n <= maxCounted })
	}
	return min(n, maxCounted), n > maxCounted, true
}

// Count returns how many entries or items a container of the library has, however many
// they are: those of a sync.Map that have a value, those of a list or a ring. ok is false
// for what is none, or not sound, and for a sync.Pool, which keeps what it has for itself.
func Count(s *Space, t types.ID, addr uint64) (n uint64, ok bool) {
	typ := s.Types.Type(t)
	switch {
	case !Holds(s, t) || s.Layout.Library.Pool.Name.Is(typ.Name) || !s.present(addr):
		return 0, false
	case s.IsSequence(typ):
		if n, ok, is := s.ListLen(typ, addr); is {
			return n, ok
		}
		s.Items(typ, addr, func(types.ID, uint64) bool { n++; return true })
	default:
		s.Entries(t, addr, func(Entry) bool { n++; return true })
	}
	return n, true
}
